/**
 * One line on a terminal that tells how far something is, drawn over itself. Anything but a terminal gets nothing.
 */
import type { WriteStream } from 'node:tty';

const PERIOD = 200;

export class Progress {
  readonly #stream: Pick<WriteStream, 'write' | 'isTTY'>;
  readonly #text: () => string;
  readonly #timer: NodeJS.Timeout | null;

  constructor(stream: Pick<WriteStream, 'write' | 'isTTY'>, text: () => string) {
    this.#stream = stream;
    this.#text = text;
    this.#timer = stream.isTTY ? setInterval(() => this.#draw(), PERIOD).unref() : null;
  }

  /** Makes way for other lines. */
  pause(tell: () => void): void {
    this.#clear();
    tell();
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#clear();
  }

  #draw(): void {
    this.#stream.write(`\r\u001b[K${this.#text()}`);
  }

  #clear(): void {
    if (this.#timer !== null) this.#stream.write('\r\u001b[K');
  }
}
