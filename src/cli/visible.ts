/**
 * Text that others chose, such as ids and reasons, made harmless for a terminal: one line stays one line, and nothing in it
 * moves the cursor, changes colours, or turns the direction of reading.
 *
 * Packets are such text too, and a peer can fill 64 MiB with signs to escape; a callback for each of them takes half a
 * minute. So slices in which all can be seen stay as they are, and the others are read and written as bytes.
 */

/** Control characters, line and paragraph separators, and what embeds, overrides or isolates a direction. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const LAST_UNSEEN = 0x2069;
const NOT_LATIN1 = /[^\0-\xff]/;
/** Characters looked at in one go. */
const SLICE = 128 * 1024;
const ESCAPE_LENGTH = '\\u0000'.length;
const BACKSLASH = 0x5c;
const SMALL_U = 0x75;

/** By code, 1 for what can't be seen. */
const unseen: Uint8Array = Uint8Array.from({ length: LAST_UNSEEN + 1 }, (_, code) =>
  UNSEEN.test(String.fromCharCode(code)) ? 1 : 0,
);
const DIGITS: Uint8Array = Buffer.from('0123456789abcdef');

/** The text with each of these as an escape of four digits (`\u202e`), which means the same where the text is JSON. */
export function visible(text: string): string {
  let shown = '';
  for (let from = 0; from < text.length; from += SLICE) {
    const slice = text.slice(from, from + SLICE);
    shown += UNSEEN.test(slice) ? escaped(slice) : slice;
  }
  return shown;
}

function escaped(slice: string): string {
  const encoding = NOT_LATIN1.test(slice) ? 'utf16le' : 'latin1';
  const given = Buffer.from(slice, encoding);
  const width = encoding === 'latin1' ? 1 : 2;
  const shown = Buffer.alloc(given.length * ESCAPE_LENGTH);
  let end = 0;
  for (let at = 0; at < given.length; at += width) {
    const low = given[at] as number;
    const high = width === 1 ? 0 : (given[at + 1] as number);
    if (unseen[(high << 8) | low] !== 1) {
      shown[end] = low;
      if (high !== 0) shown[end + 1] = high;
      end += width;
      continue;
    }
    shown[end] = BACKSLASH;
    shown[end + width] = SMALL_U;
    shown[end + 2 * width] = DIGITS[high >> 4] as number;
    shown[end + 3 * width] = DIGITS[high & 15] as number;
    shown[end + 4 * width] = DIGITS[low >> 4] as number;
    shown[end + 5 * width] = DIGITS[low & 15] as number;
    end += ESCAPE_LENGTH * width;
  }
  return shown.toString(encoding, 0, end);
}
