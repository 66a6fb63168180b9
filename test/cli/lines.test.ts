import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, lines } from '../../src/cli/lines.js';

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function read(text: string | Uint8Array, size = 7, longest?: number): Promise<Line[]> {
  const found: Line[] = [];
  for await (const line of lines(chunks(Buffer.from(text), size), longest)) found.push(line);
  return found;
}

describe('lines', () => {
  it('gives the same lines however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary' })),
        fc.integer({ min: 1, max: 20 }),
        async (texts, size) => {
          const wanted = texts.map((text) => text.replaceAll('\n', ' ').replaceAll('\uFEFF', '').replace(/\r$/, ''));
          const found = await read(wanted.map((text) => `${text}\n`).join(''), size);
          expect(found.map(({ text }) => text)).toEqual(wanted);
          expect(found.map(({ number }) => number)).toEqual(wanted.map((_, index) => index + 1));
        },
      ),
    );
  });

  it('takes a last line without its line feed, and none after the last line feed', async () => {
    expect((await read('a\nb')).map(({ text }) => text)).toEqual(['a', 'b']);
    expect((await read('a\n\n')).map(({ text }) => text)).toEqual(['a', '']);
    expect(await read('')).toEqual([]);
  });

  it('takes line ends of Windows', async () => {
    const found = await read('a\r\nb\rc\r\r\n\r\nlast\r');
    expect(found.map(({ text }) => text)).toEqual(['a', 'b\rc\r', '', 'last']);
  });

  it('leaves out a byte order mark at the beginning only', async () => {
    expect((await read('\uFEFFa\n\uFEFFb\n')).map(({ text }) => text)).toEqual(['a', '\uFEFFb']);
  });

  it('skips a line that is too long or no UTF-8, and goes on', async () => {
    const found = await read(
      Buffer.concat([Buffer.from('12345\n123456\n'), Buffer.from([0xff, 10]), Buffer.from('x')]),
      2,
      5,
    );
    expect(found.map(({ text, problem }) => problem ?? text)).toEqual([
      '12345',
      'is longer than 5 bytes',
      'is not valid UTF-8',
      'x',
    ]);
  });

  it('reads no further than lines are taken', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        read++;
        yield Buffer.from('a\n');
      }
    }
    for await (const { number } of lines(endless())) if (number === 3) break;
    expect(read).toBe(3);
  });
});
