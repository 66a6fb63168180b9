/**
 * Numbers out of bytes: by themselves, and in arrays, such as coordinates, samples and embeddings. There floats would take five
 * times as long one by one: each becomes an object before it comes into the array.
 */

/** Looking for numbers pays for an array of so many. */
export const MANY_NUMBERS = 8;

/** What an array begins with. */
interface Beginning {
  /** Items read. */
  readonly count: number;
  /** Behind the last of them. */
  readonly at: number;
}

/** Whether a value that begins with this byte is a number of those that {@link readNumbers} knows. */
export function isNumeric(first: number): boolean {
  return first < 0x80 || first >= 0xe0 || sizeOf(first) > 0;
}

/** Reads numbers from `start` on into the array, up to its length or something else: what has eight bytes and is no float. */
export function readNumbers(array: unknown[], view: DataView, start: number, end: number): Beginning {
  const { length } = array;
  let at = start;
  let count = 0;
  for (; count < length && at < end; count++) {
    const first = view.getUint8(at);
    if (first === 0xcb && at + 9 <= end) {
      array[count] = view.getFloat64(at + 1);
      at += 9;
    } else if (first < 0x80 || first >= 0xe0) {
      array[count] = (first << 24) >> 24;
      at++;
    } else {
      const size = sizeOf(first);
      if (size === 0 || at + 1 + size > end) break;
      array[count] = numberAt(view, at + 1, first);
      at += 1 + size;
    }
  }
  return { count, at };
}

/** Bytes of the number behind its first byte; 0 for anything else. */
function sizeOf(first: number): number {
  switch (first) {
    case 0xcb:
      return 8;
    case 0xca:
    case 0xce:
    case 0xd2:
      return 4;
    case 0xcd:
    case 0xd1:
      return 2;
    case 0xcc:
    case 0xd0:
      return 1;
    default:
      return 0;
  }
}

/** The number behind a first byte of 0xca to 0xd3, at `at`; those of eight whole bytes are bigints. */
export function numberAt(view: DataView, at: number, first: number): number | bigint {
  switch (first) {
    case 0xca:
      return view.getFloat32(at);
    case 0xcb:
      return view.getFloat64(at);
    case 0xcc:
      return view.getUint8(at);
    case 0xcd:
      return view.getUint16(at);
    case 0xce:
      return view.getUint32(at);
    case 0xcf:
      return view.getBigUint64(at);
    case 0xd0:
      return view.getInt8(at);
    case 0xd1:
      return view.getInt16(at);
    case 0xd2:
      return view.getInt32(at);
    default:
      return view.getBigInt64(at);
  }
}
