/**
 * Short texts out of UTF-8, strictly, by way of their code units: a call into native code takes longer than all of it, and
 * twice as long again where there is more than ASCII.
 */
import { compile } from './compile.js';

/** Longer texts, in bytes, are for native code. */
export const MOST_UNITS = 40;

/** Those of the text under way: no more than it has bytes. */
export const units: Uint16Array = new Uint16Array(MOST_UNITS);

type Maker = (units: Uint16Array) => string;

/** By how many units the text has. */
const makers: Maker[] = [];
/** The least character of so many bytes behind the first. */
const LEAST: readonly number[] = [0, 0x80, 0x800, 0x10000];

/** The text in `bytes[start..end)`, at most {@link MOST_UNITS}; null if that is not UTF-8. */
export function decodeShort(bytes: Uint8Array, start: number, end: number): string | null {
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
  return textOf(count);
}

/** A text of the first units. */
export function textOf(count: number): string {
  makers[count] ??= compile<Maker>({}, makerText(count)) ?? slowly(count);
  return (makers[count] as Maker)(units);
}

/** With so many arguments, a call takes a fraction of the time of one with a list. */
function makerText(count: number): string {
  const list = Array.from({ length: count }, (_, index) => `units[${index}]`);
  return `return(units)=>String.fromCharCode(${list.join()})`;
}

/** The same where no code can be made. */
function slowly(count: number): Maker {
  const { fromCharCode } = String;
  return (from) => {
    let text = '';
    for (let at = 0; at < count; at++) text += fromCharCode(from[at] as number);
    return text;
  };
}
