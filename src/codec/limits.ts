/** What one packet may be at most. The same in both directions, and counted in the same way. */
export interface PacketLimits {
  /** Nesting of arrays and maps: 1 is a flat array. */
  readonly depth: number;
  /** Values, containers and map keys included; a packet that is one number has 1. */
  readonly items: number;
  /** Bytes of the encoded packet. */
  readonly size: number;
}
