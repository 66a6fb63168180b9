/** Checks of what tests pass: a span of time that is none would leave a simulation without an order of things. */

/** @throws RangeError */
export function checkSpan(what: string, ms: number): void {
  if (!(typeof ms === 'number' && ms >= 0)) throw new RangeError(`${what}: ${String(ms)} ms is no span of time`);
}

/** @throws RangeError */
export function checkSpans(what: string, min: number, max: number): void {
  if (
    !(typeof min === 'number' && typeof max === 'number' && min >= 0 && max >= min && max < Number.POSITIVE_INFINITY)
  ) {
    throw new RangeError(`${what}: from ${String(min)} to ${String(max)} ms is no span of time`);
  }
}

/** @throws RangeError */
export function checkCount(what: string, count: number, least: number): void {
  if (Number.isInteger(count) && count >= least) return;
  throw new RangeError(`${what}: ${String(count)} is no whole number from ${least} on`);
}

/** @throws RangeError for one that is misspelt, which would do nothing, and for what are no options at all */
export function checkKnown(options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RangeError(`options must be an object with ${names.join(', ')}`);
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RangeError(`there is no option ${unknown}, but ${names.join(', ')}`);
}

/** @throws RangeError for a promise, which would pass for true whatever it comes to */
export function checkHeld(held: unknown): boolean {
  if (typeof Object(held).then !== 'function') return Boolean(held);
  throw new RangeError('until: the condition gave a promise, and must return true or false at once');
}

/** @throws RangeError */
export function checkPromise<T>(promise: Promise<T>): Promise<T> {
  if (typeof Object(promise).then === 'function') return promise;
  throw new RangeError('until: it waits for a promise, or for a function that returns true');
}
