/**
 * Where the demo is shown. A terminal gets the table, redrawn in its place; anything else a line now and then.
 */
import type { WriteStream } from 'node:tty';
import type { DemoResult, DemoState } from './demo-coordinator.js';
import { account, type Heading, progressLine, type Style, styleFor, table } from './demo-table.js';

const REDRAW = 200;
/** Milliseconds between plain lines. */
const PLAIN = 3000;
/** Of the rate shown. */
const RATE_SPAN = 1000;
/** Of the table, and one for the cursor. */
const ROWS = 20;

type ScreenStream = Pick<WriteStream, 'write' | 'isTTY' | 'columns' | 'rows'>;

export class Screen {
  readonly #stream: ScreenStream;
  /** The stream is a terminal on which the table fits. */
  readonly #live: boolean;
  readonly #heading: Heading;
  readonly #style: Style;
  readonly #log: string[] = [];
  #timer: NodeJS.Timeout | null = null;
  #drawn = 0;
  #samples: { at: number; received: ReadonlyMap<string, number> }[] = [];

  constructor(stream: ScreenStream, heading: Heading) {
    this.#stream = stream;
    this.#heading = heading;
    this.#live = stream.isTTY === true && (stream.rows || ROWS) >= ROWS;
    this.#style = styleFor(stream.isTTY === true && process.env.NO_COLOR === undefined);
  }

  /** Shows `state()` from now on. */
  open(state: () => DemoState): void {
    if (!this.#live) this.#stream.write(`masterless demo: sending ${this.#heading.source}\n`);
    this.#timer = setInterval(
      () => {
        if (this.#live) this.#draw(state());
        else this.#plain(state());
      },
      this.#live ? REDRAW : PLAIN,
    );
  }

  happened(what: string): void {
    if (this.#live) this.#log.push(what);
    else this.#stream.write(`         ${what}\n`);
    if (this.#log.length > 4) this.#log.shift();
  }

  /** Shows the end, if there is one to show. */
  close(result: DemoResult | null): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (result === null) return;
    if (this.#live) this.#draw(result);
    this.#stream.write(`\n${account(result, this.#style).join('\n')}\n`);
  }

  #plain(state: DemoState): void {
    // Before packets flow there is nothing to tell.
    if (state.elapsed > 0) this.#stream.write(`${progressLine(state)}\n`);
  }

  #draw(state: DemoState): void {
    const lines = table(state, this.#heading, this.#rates(state), this.#log, this.#style);
    // Up to the first line of what was drawn last, then over it, line by line: nothing flickers, nothing scrolls.
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    const columns = this.#stream.columns || 80;
    const fitting = lines.map((line) => `${cutTo(line, columns - 1)}\u001b[K\n`).join('');
    this.#stream.write(`${up}\r${fitting}\u001b[J`);
    this.#drawn = lines.length;
  }

  #rates({ elapsed, nodes }: DemoState): Map<string, number> {
    this.#samples.push({ at: elapsed, received: new Map(nodes.map((node) => [node.id, node.received])) });
    this.#samples = this.#samples.filter(({ at }) => at >= elapsed - RATE_SPAN);
    const first = this.#samples[0];
    const span = elapsed - (first?.at ?? elapsed);
    return new Map(
      nodes.map(({ id, received }) => [id, span > 0 ? ((received - (first?.received.get(id) ?? 0)) * 1000) / span : 0]),
    );
  }
}

/** A line that would wrap would spoil the counting of lines. Escape sequences take no room. */
export function cutTo(line: string, columns: number): string {
  let room = columns;
  let inEscape = false;
  let rest = '';
  for (const character of line) {
    if (character === '\u001b') inEscape = true;
    if (inEscape || room-- > 0) rest += character;
    if (character === 'm') inEscape = false;
  }
  return rest;
}
