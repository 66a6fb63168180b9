/** An invariant does not hold. */
class Violation extends Error {}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message);
}

/**
 * What kind of failure it is: its words, without the names and numbers in them. Two failures of one kind most likely have
 * one cause.
 */
export function kindOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replace(/\b[a-z](#\d+)?\b|-?\d+(\.\d+)?(e[+-]?\d+)?/g, '…');
}
