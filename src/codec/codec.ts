/**
 * What turns packets into bytes and back. Two nodes must use codecs of one name: the handshake compares them.
 *
 * A codec is a security boundary: `decode` is given bytes of strangers. It must bound its work and its memory by the
 * bytes that are really there, whatever counts and lengths those bytes claim.
 */
export interface Codec {
  /** 1 to 32 visible characters of ASCII, no spaces, that name format and rules; compared in the handshake. */
  readonly name: string;

  /**
   * The packet's bytes, valid only until the next call of `encode`: the caller copies what it keeps.
   *
   * @throws MasterlessError `ERR_PACKET` for a value that the format can't carry, naming the path to it;
   * `ERR_PACKET_TOO_LARGE` past the codec's size limit. A failed call leaves the codec as it was.
   */
  encode(packet: unknown): Uint8Array;

  /**
   * The same, written to `target` from `at` on, and nowhere before. A packet then need not be copied to the batch in which it
   * goes out; of a codec without it, each is. Behind `at` the codec may write as it likes, also when it fails.
   *
   * @returns how many bytes the packet has there; where it found no room in the middle of it, the packet as `encode` or
   * `encodeParts` gives it
   */
  encodeInto?(packet: unknown, target: EncodeTarget, at: number): number | Uint8Array | readonly Uint8Array[];

  /**
   * The same as `encode`, but the packet may come in parts, to be put one behind the other. So large binaries need not be
   * copied to where the rest is, and may stay where the application has them: they are valid until its code goes on. Parts that
   * `encodeInto` gives lie elsewhere than in its target.
   */
  encodeParts?(packet: unknown): Uint8Array | readonly Uint8Array[];

  /**
   * The packet in exactly these bytes: nothing may be missing, nothing left over. The result shares no memory with
   * `bytes`, which the caller reuses.
   *
   * @throws MasterlessError `ERR_BAD_PACKET`, for anything that is not one well-formed packet within the limits.
   */
  decode(bytes: Uint8Array): unknown;

  /** The same for the packet in `buffer[start..end)`. A codec without it is given a view, which costs some 50 ns (Node 20). */
  decodeRange?(buffer: Uint8Array, start: number, end: number): unknown;
}

/** Memory to be written to. */
export interface EncodeTarget {
  readonly bytes: Uint8Array;
  /** Of the same bytes: made once for many packets. */
  readonly view: DataView;
}
