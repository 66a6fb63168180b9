/**
 * Promises of `disconnect`: each resolves when the parting that it began, or found begun, is over.
 */
export class Partings {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** The end of the parting from that peer. */
  end(id: string): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) this.#waiting.set(id, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** It is over. */
  over(id: string): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const resolve of waiting) resolve();
  }
}
