/**
 * Why a value can't be sent. Nothing is dropped or turned into something else in silence: a Map that arrived as an empty
 * object would be found out far from where the mistake was made.
 *
 * A {@link Refusal} gathers the path to the value on its way up through the encoder, which costs nothing as long as
 * nothing is refused.
 */
import { builtins } from '../builtins.js';
import { type ErrorCode, MasterlessError } from '../errors.js';

/** Thrown and caught within the encoder only. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  private readonly path: (string | number)[] = [];

  constructor(reason: string, code: ErrorCode = 'ERR_PACKET') {
    super(reason);
    this.code = code;
  }

  /** The value that holds the refused one knows it by this key. */
  within(key: string | number): this {
    this.path.push(key);
    return this;
  }

  toError(): MasterlessError {
    return new MasterlessError(this.code, `${pathText(this.path.reverse())}: ${this.message}`);
  }
}

export function gone(): Refusal {
  return new Refusal(
    "bytes can't be sent whose memory is gone: transferred to another thread, or taken back by a resize",
  );
}

const LONGEST_PATH = 200;

function pathText(path: readonly (string | number)[]): string {
  let text = 'packet';
  for (const key of path) {
    if (text.length > LONGEST_PATH) return `${text.slice(0, LONGEST_PATH)}…`;
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w$]{1,100}$/.test(key)) text += `.${key}`;
    else text += `[${JSON.stringify(key.slice(0, 100))}]`;
  }
  return text;
}

/** What to send in place of objects that consist of more than their properties, by what they call themselves. */
const advice: Readonly<Record<string, string>> = {
  Map: 'send Object.fromEntries(map) or [...map]',
  Set: 'send [...set]',
  RegExp: 'send its source and its flags',
  Promise: 'await it first',
  Number: 'send its valueOf()',
  String: 'send its valueOf()',
  Boolean: 'send its valueOf()',
  BigInt: 'send its valueOf()',
  Symbol: 'send its description',
  SharedArrayBuffer: 'send new Uint8Array(buffer)',
};

/** Why an object that is neither plain nor an array can't be sent as its properties, or null if it can. */
export function refusedObject(value: object): Refusal | null {
  if (ArrayBuffer.isView(value)) {
    // Its elements have a byte order, which bytes alone would not tell.
    return new Refusal(
      `a ${nameOf(value)} can't be sent: send new Uint8Array(x.buffer, x.byteOffset, x.byteLength), in an agreed byte order`,
    );
  }
  if (builtins.util.types.isNativeError(value)) {
    return new Refusal(
      "an Error can't be sent: send { name: error.name, message: error.message }, or give it toJSON()",
    );
  }
  const name = nameOf(value);
  if (name === 'Object') return null;
  return new Refusal(`a ${name} can't be sent: ${advice[name] ?? 'send a plain object, or give it toJSON()'}`);
}

function nameOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
