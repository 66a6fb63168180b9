/**
 * Short texts out of UTF-8, strictly, by way of their code units: a call into native code takes longer than all of it, and
 * twice as long again where there is more than ASCII.
 */
import { compile } from './compile.js';

/** Longer texts, in bytes, are for native code. */
export const MOST_UNITS = 40;

/** Units of texts that are not ASCII: no more than they have bytes. */
const units = new Uint16Array(MOST_UNITS);

type Maker<From> = (from: From, start: number) => string;

/** By how many units the text has: from bytes, where they are ASCII, and from other units. */
const ofBytes: Maker<Uint8Array>[] = [];
const ofUnits: Maker<Uint16Array>[] = [];
/** The least character of so many bytes behind the first. */
const LEAST: readonly number[] = [0, 0x80, 0x800, 0x10000];

/** The text in `bytes[start..end)`, at most {@link MOST_UNITS}; null if that is not UTF-8. */
export function decodeShort(bytes: Uint8Array, start: number, end: number): string | null {
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i] as number;
  return all < 0x80 ? asciiOf(bytes, start, end) : decodeUnits(bytes, start, end);
}

/** The same where all bytes are known to be ASCII. */
export function asciiOf(bytes: Uint8Array, start: number, end: number): string {
  const count = end - start;
  ofBytes[count] ??= makerOf(count);
  return (ofBytes[count] as Maker<Uint8Array>)(bytes, start);
}

/** The same where some are known not to be. */
export function decodeUnits(bytes: Uint8Array, start: number, end: number): string | null {
  let count = 0;
  let at = start;
  while (at < end) {
    const first = bytes[at++] as number;
    if (first < 0x80) {
      units[count++] = first;
      continue;
    }
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (first < 0xc2 || first > 0xf4 || at + more > end) return null;
    let point = first & (0x3f >> more);
    for (const last = at + more; at < last; at++) {
      const byte = bytes[at] as number;
      if ((byte & 0xc0) !== 0x80) return null;
      point = (point << 6) | (byte & 0x3f);
    }
    if (point < (LEAST[more] as number) || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return null;
    if (point >= 0x10000) {
      units[count++] = 0xd7c0 + (point >> 10);
      point = 0xdc00 + (point & 0x3ff);
    }
    units[count++] = point;
  }
  ofUnits[count] ??= makerOf(count);
  return (ofUnits[count] as Maker<Uint16Array>)(units, 0);
}

/** With so many arguments, a call takes a fraction of the time of one with a list. */
function makerOf<From extends Uint8Array | Uint16Array>(count: number): Maker<From> {
  const list = Array.from({ length: count }, (_, index) => `from[start+${index}]`);
  return compile<Maker<From>>({}, `return(from,start)=>String.fromCharCode(${list.join()})`) ?? slowly(count);
}

/** The same where no code can be made, and where only short ones are made here: by fours, as parts of that size make no ropes. */
function slowly(count: number): Maker<Uint8Array | Uint16Array> {
  const { fromCharCode } = String;
  return (from, start) => {
    const unit = (index: number): number => from[index] as number;
    const end = start + count;
    let text = '';
    let at = start;
    for (; at + 4 <= end; at += 4) text += fromCharCode(unit(at), unit(at + 1), unit(at + 2), unit(at + 3));
    for (; at < end; at++) text += fromCharCode(unit(at));
    return text;
  };
}
