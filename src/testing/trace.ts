/** What happened in a simulation, as lines to read: the last of them, since a long run has more than anyone would. */
import { inspect } from 'node:util';

export class Trace {
  private readonly limit: number;
  private lines: string[] = [];

  /** @param limit - lines kept */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** @param who - whom it happened to, or `**` for what the test did */
  add(time: number, who: string, what: string, args: readonly unknown[] = []): void {
    if (this.limit === 0) return;
    this.lines.push([`${time.toFixed(3).padStart(12)}  ${who} ${what}`, ...args.map(shown)].join(' '));
    // Now and then, so that it costs little.
    if (this.lines.length >= 2 * this.limit) this.lines = this.lines.slice(-this.limit);
  }

  /** The last lines, oldest first. */
  last(count: number = this.limit): string[] {
    return count === 0 ? [] : this.lines.slice(-Math.min(count, this.limit));
  }
}

/** On one line, and short however large it is. */
function shown(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/~% -]{1,80}$/.test(value)) return value;
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (value instanceof Error) return `(${value.message})`;
  const text = inspect(value, {
    depth: 1,
    maxArrayLength: 3,
    maxStringLength: 60,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
