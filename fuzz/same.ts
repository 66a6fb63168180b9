/**
 * Whether two values are the same to a program: numbers with their signs, keys in their order, bytes, dates. A comparison
 * of the test library takes longer than all that is compared here.
 */
export function same(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  if (left instanceof Date) return right instanceof Date && Object.is(left.getTime(), right.getTime());
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    for (let i = 0; i < left.length; i++) if (!same(left[i], right[i])) return false;
    return true;
  }
  if (Array.isArray(right) || right instanceof Uint8Array || right instanceof Date) return false;
  const keys = Object.keys(left);
  const others = Object.keys(right);
  if (keys.length !== others.length) return false;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (others[i] !== key || !same(Reflect.get(left, key), Reflect.get(right, key))) return false;
  }
  return true;
}
