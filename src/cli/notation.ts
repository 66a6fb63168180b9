/**
 * Packets as JSON and back, with nothing lost: what JSON can't say is written as an object with a single key.
 *
 * | packet | JSON |
 * |---|---|
 * | Uint8Array | `{"$bytes":"<base64>"}` |
 * | Date | `{"$date":"<ISO 8601>"}` |
 * | bigint | `{"$bigint":"<digits>"}` |
 * | NaN, ±Infinity, -0 | `{"$number":"NaN"}` and so on |
 * | an object that looks like one of these | its key gets a further `$` |
 */

/** One of the keys above, with any number of further `$`. */
const TAG = /^\$+(?:bytes|date|bigint|number)$/;
/** Numbers of fewer digits are exact, or as JavaScript writes them. */
const LONG = /\d[\d.]{15}/;
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/** A packet as one line of JSON. */
export function toJson(packet: unknown): string {
  return JSON.stringify(noted(packet)) ?? 'null';
}

/**
 * A line of JSON as a packet.
 * @throws Error that says what is wrong with it, also with a number that JavaScript can't hold
 */
export function fromJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (LONG.test(text)) refuseInexact(text);
  return meant(value);
}

function noted(value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(noted);
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return { $date: value.toISOString() };
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && TAG.test(first[0])) return { [`$${first[0]}`]: noted(first[1]) };
  return Object.fromEntries(entries.map(([key, item]) => [key, noted(item)]));
}

function meant(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('a number is larger than 1.8e308');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(meant);
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && TAG.test(first[0])) {
    const [key, item] = first;
    return key.startsWith('$$') ? { [key.slice(1)]: meant(item) } : tagged(key, item);
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, meant(item)]));
}

function tagged(key: string, item: unknown): unknown {
  const wrong = new Error(`{"${key}": …} does not hold what it should`);
  if (typeof item !== 'string') throw wrong;
  if (key === '$bytes') {
    const bytes = Buffer.from(item, 'base64');
    if (bytes.toString('base64') !== item) throw wrong;
    return new Uint8Array(bytes);
  }
  if (key === '$date') {
    const date = new Date(item);
    if (Number.isNaN(date.getTime())) throw wrong;
    return date;
  }
  if (key === '$bigint') {
    if (!/^-?\d{1,20}$/.test(item)) throw wrong;
    return BigInt(item);
  }
  const number = NUMBERS.get(item);
  if (number === undefined) throw wrong;
  return number;
}

/**
 * JSON.parse rounds long whole numbers in silence, also `9007199254740993.0` and `9007199254740993e0`. As JavaScript writes
 * a number, or with an exponent and the digits of that, it is taken: who reads it reads the same, as of `1e23`.
 */
function refuseInexact(text: string): void {
  for (const [token] of withoutStrings(text).matchAll(/-?\d[\d.eE+-]*/g)) {
    const value = Number(token);
    if (!Number.isInteger(value) || Number.isSafeInteger(value) || String(value) === token) continue;
    const whole = wholeOf(token);
    if (whole === null || whole === BigInt(Math.abs(value))) continue;
    if (/e/i.test(token) && whole === wholeOf(String(value))) continue;
    throw new Error(`${token.slice(0, 40)} would be rounded: write {"$bigint":"…"} or a string`);
  }
}

/** What a token of a finite number says, with nothing rounded and without its sign; null where it has a fraction. */
function wholeOf(token: string): bigint | null {
  const [, before = '', after = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:e(.+))?$/i.exec(token) ?? [];
  const digits = before + after;
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  const zeros = Number(exponent) + before.length - end;
  return zeros < 0 ? null : BigInt(digits.slice(0, end)) * 10n ** BigInt(zeros);
}

/** Valid JSON with every string emptied. */
function withoutStrings(text: string): string {
  let rest = '';
  let from = 0;
  for (let open = text.indexOf('"'); open >= 0; open = text.indexOf('"', from)) {
    rest += text.slice(from, open + 1);
    let close = open + 1;
    while (close < text.length && text[close] !== '"') close += text[close] === '\\' ? 2 : 1;
    from = close;
    if (text[from] === '"') from++;
  }
  return rest + text.slice(from);
}
