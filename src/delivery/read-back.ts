/**
 * Packets that this node encoded and that go back to its application.
 */

/** What this file needs of the codec. */
interface Decoder {
  decode(bytes: Uint8Array): unknown;
}

/** @param unread - hears why a packet is given as its bytes */
export function readBack<Packet>(
  codec: Decoder,
  packets: readonly Uint8Array[],
  unread: (error: unknown) => void,
): Packet[] {
  return packets.map((bytes) => {
    try {
      return codec.decode(bytes) as Packet;
    } catch (error) {
      // A codec that can't read what it wrote: its bytes are all there is.
      unread(error);
      return bytes.slice() as Packet;
    }
  });
}
