/**
 * What stands behind `masterless COMMAND`, checked: every mistake is one clear line and exit code 2.
 */
import { parseArgs } from 'node:util';

/** What the command line ends with. An interrupted command ends with 128 and the number of the signal. */
export const Exit = {
  done: 0,
  failed: 1,
  usage: 2,
} as const;

/** A mistake in how the command was called. */
export class UsageError extends Error {}

/** `flag` stands alone, `text` has a value, `list` may be given several times. */
export type OptionKind = 'flag' | 'text' | 'list';

export class Arguments {
  /** What is no option. */
  readonly rest: readonly string[];
  readonly #values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

  /** @throws UsageError for an option that is unknown, lacks its value or has one too many */
  constructor(args: readonly string[], kinds: Readonly<Record<string, OptionKind>>) {
    const options = Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => [
        name,
        { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: kind === 'list' },
      ]),
    );
    try {
      const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
      this.rest = parsed.positionals;
      this.#values = parsed.values;
    } catch (error) {
      throw new UsageError(error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error));
    }
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  list(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  /** @throws UsageError for anything but a whole number from `min` to `max` */
  whole(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(`--${name} is ${JSON.stringify(text)}: it must be a whole number from ${min} to ${max}`);
  }

  /** @throws UsageError when something is there that no option belongs to */
  nothingElse(): void {
    if (this.rest.length > 0) throw new UsageError(`${JSON.stringify(this.rest[0])} is one argument too many`);
  }
}
