/**
 * Own properties on fresh objects, whatever the key. Plain assignment is the fast way, but sets no own `__proto__`, and no
 * `toString` where `Object.prototype` is frozen; and small packets of large indexes would make objects with room for all the
 * smaller ones.
 */

/**
 * Whether a key is neither on the object nor on all objects, so that it can be assigned. To read it would answer both at once,
 * but takes an engine longer where each object has other keys, as records have of which most are optional (`npm run micro`);
 * and it would call a getter that somebody gave to all objects.
 */
export function isFree(object: Readonly<Record<string, unknown>>, key: string): boolean {
  return key !== '__proto__' && !Object.hasOwn(object, key) && !(key in Object.prototype);
}

/**
 * The array index that a key is, or -1. Such a key is used as a number: as text it would be hashed, and hashes of digits
 * can be made to collide at will.
 */
export function arrayIndex(key: string): number {
  const { length } = key;
  const first = key.charCodeAt(0);
  if (!(first >= 0x30 && first <= 0x39) || length > 10) return -1;
  if (first === 0x30) return length === 1 ? 0 : -1;
  let index = 0;
  for (let i = 0; i < length; i++) {
    const digit = key.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    index = index * 10 + digit;
  }
  return index < 2 ** 32 - 1 ? index : -1;
}

/** Adds an own property that stands in front of one of `Object.prototype`. */
export function defineOwn(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Keeps the engine from making an array for all indexes up to this one, which then can be assigned. */
export function makeSparse(object: object, index: number): void {
  // An element that is not writable, if only for a moment, makes it choose a table for all of them.
  Object.defineProperty(object, index, { value: null, writable: false, enumerable: true, configurable: true });
  Object.defineProperty(object, index, { writable: true });
}
