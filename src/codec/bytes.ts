/**
 * Memory for the binaries of packets. They are copied, since the receive buffer is used again; where the copy goes decides what
 * it costs: memory of its own takes some three times as long as a part of a pool (`npm run micro`).
 */

/** So many bytes V8 keeps beside the object that shows them, which is cheaper still. */
const BESIDE = 64;
/** From so many on there is no room for them in Node's pool. */
const LARGE = 4096;

/**
 * The bytes of `buffer[start..start + length)`, apart from it. Those between the two bounds lie in Node's pool, like what
 * `Buffer.from` makes: their `buffer` has others before and behind them, and can't be transferred to another thread.
 */
export function copied(buffer: Uint8Array, start: number, length: number): Uint8Array {
  const source = new Uint8Array(buffer.buffer, buffer.byteOffset + start, length);
  if (length <= BESIDE || length >= LARGE) return new Uint8Array(source);
  const pooled = Buffer.allocUnsafe(length);
  const copy = new Uint8Array(pooled.buffer, pooled.byteOffset, length);
  copy.set(source);
  return copy;
}
