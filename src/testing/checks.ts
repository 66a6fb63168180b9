/** Checks of what tests pass: a span of time that is none would leave a simulation without an order of things. */

/** @throws RangeError */
export function checkSpan(what: string, ms: number): void {
  if (!(ms >= 0)) throw new RangeError(`${what}: ${String(ms)} ms is no span of time`);
}

/** @throws RangeError */
export function checkSpans(what: string, min: number, max: number): void {
  if (!(min >= 0 && max >= min && max < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${what}: from ${String(min)} to ${String(max)} ms is no span of time`);
  }
}
