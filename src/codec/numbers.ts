/**
 * Numbers out of bytes: by themselves, put together of these, and in arrays, such as coordinates, samples and embeddings.
 * There floats would take five times as long one by one: each becomes an object before it comes into the array.
 */

/** A view of the packet pays for an array of so many. */
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
export function readNumbers(array: unknown[], bytes: Uint8Array, start: number, end: number): Beginning {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { length } = array;
  let at = start;
  let count = 0;
  for (; count < length && at < end; count++) {
    const first = bytes[at] as number;
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

function numberAt(view: DataView, at: number, first: number): number {
  switch (first) {
    case 0xca:
      return view.getFloat32(at);
    case 0xcc:
      return view.getUint8(at);
    case 0xcd:
      return view.getUint16(at);
    case 0xce:
      return view.getUint32(at);
    case 0xd0:
      return view.getInt8(at);
    case 0xd1:
      return view.getInt16(at);
    default:
      return view.getInt32(at);
  }
}

/** A view of the packet itself would have to be made for each packet. */
export const scratch: DataView = new DataView(new ArrayBuffer(8));

/** Four bytes as a signed integer. */
export function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** Eight bytes as a float. */
export function floatAt(bytes: Uint8Array, at: number): number {
  scratch.setInt32(0, word(bytes, at));
  scratch.setInt32(4, word(bytes, at + 4));
  return scratch.getFloat64(0);
}
