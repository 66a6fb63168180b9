/** Many at once, but not all: what a listener's backlog and its limits bear. */
const AT_ONCE = 32;

/** Makes so many things, in order, with a bounded number under way. */
export async function inBatches<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const size = Math.min(AT_ONCE, count - made.length);
    const begun = made.length;
    made.push(...(await Promise.all(Array.from({ length: size }, (_, index) => make(begun + index)))));
  }
  return made;
}
