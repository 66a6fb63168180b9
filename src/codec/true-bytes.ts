/**
 * What bytes really are, whatever they say of themselves: a subclass may say anything, and more or less than there is must be
 * neither written nor read.
 */

type Getter<T> = { get(this: Uint8Array): T };

const asked = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(Uint8Array.prototype)) as unknown as {
  readonly length: Getter<number>;
  readonly buffer: Getter<ArrayBufferLike>;
  readonly byteOffset: Getter<number>;
};
const { get: trueLength } = asked.length;
const { get: trueBuffer } = asked.buffer;
const { get: trueOffset } = asked.byteOffset;

export function lengthOf(bytes: Uint8Array): number {
  return trueLength.call(bytes);
}

/** The first `length` of the bytes, in the same memory: no subclass, and they stay as many when a growing buffer grows. */
export function viewOf(bytes: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(trueBuffer.call(bytes), trueOffset.call(bytes), length);
}
