/**
 * Code that writes maps of one shape, for those that come often: the bytes of its keys as constants, and for each value what
 * it most likely is, tried first. That an object has just these keys in this order is known before; what they have for
 * values is not, and each may be missing (`undefined`).
 */
import { compile } from './compile.js';
import { type KeyNode, MAX_KEY_BYTES, pathTo } from './keys.js';
import { AT_ONCE, OutgoingText, wordsOf } from './known-text.js';
import type { Writer } from './writer.js';

/** What such code needs of the encoder. */
export interface Sink {
  /** Writes any value at `at`, and has room for `more` bytes behind it; returns where that is. */
  writeAt(value: unknown, at: number, depth: number, more: number): number;
  /** So many values more. */
  count(more: number): void;
  /** What the value of this key was refused with. */
  blame(error: unknown, key: string): unknown;
}

/**
 * Writes a map with these keys, header and all; `depth` is the number of containers around its values.
 * @returns false, and then nothing was written, for an object that is more than its properties
 */
export type MapWriter = (sink: Sink, out: Writer, map: object, depth: number) => boolean;
export type MapNode = KeyNode<MapWriter>;

/** Their header is one byte, however many of them are missing. Maps with more keys are written key by key. */
export const MOST_KEYS = 15;
/** Room for a number, or a text that is known, and for a byte behind a key that is written over. */
const ROOM = AT_ONCE;
/** Room that is asked for beyond what may be needed, since keys can be missing and values short. */
export const MAX_SURPLUS: number = MOST_KEYS * (MAX_KEY_BYTES + ROOM);

/** @param sample - a map that ends at the node */
export function writerOf(end: MapNode, sample: Readonly<Record<string, unknown>>): MapWriter | null {
  const path = pathTo(end);
  const count = path.length;
  /** Behind the value of that number: the keys, and room for their values. Texts and what has parts see to more. */
  const needed = (from: number): number => path.slice(from).reduce((sum, { bytes }) => sum + bytes.length + ROOM, 0);
  const entries = path.map(({ key, bytes }, index) => {
    // Its values were read before, and a getter is asked once.
    const likely: unknown = Object.getOwnPropertyDescriptor(sample, key)?.value;
    const value = valueText(likely, index, needed(index + 1));
    const put = `${putKey(bytes)}at+=${bytes.length};k=${index};${value}`;
    return `v=map[${JSON.stringify(key)}];if(v===undefined)n--;else{${put}}`;
  });
  const texts = path.map((_, index) => `const t${index}=new OutgoingText();`).join('');
  // Both questions are answered by the kind of object, which for this code is mostly one; the first tells engines of it.
  const text = `${texts}return(sink,out,map,depth)=>{if(map.toJSON!==undefined||getPrototypeOf(map)!==OBJECT)return false;
let k=0,n=${count},v;try{
const start=out.room(${1 + needed(0)});let at=start+1,{view}=out;
${entries.join('\n')}
view.setUint8(start,128|n);out.at=at;sink.count(2*n);return true}catch(error){throw sink.blame(error,keys[k])}}`;
  const { getPrototypeOf, prototype: OBJECT } = Object;
  return compile<MapWriter>({ keys: path.map(({ key }) => key), OBJECT, getPrototypeOf, OutgoingText }, text);
}

/** Code that writes these bytes at `at`, and maybe one more behind them. Four at once, some maybe twice. */
function putKey(bytes: Uint8Array): string {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (length === 1) return `view.setUint8(at,${view.getUint8(0)});`;
  if (length === 2) return `view.setUint16(at,${view.getUint16(0, true)},true);`;
  if (length === 3) return `view.setInt32(at,${view.getUint16(0, true) | (view.getUint8(2) << 16)},true);`;
  return wordsOf(length)
    .map((place) => `view.setInt32(at+${place},${view.getInt32(place, true)},true);`)
    .join('');
}

/** Code that writes the value `v` of that number at `at`, with room for `more` bytes behind it. */
function valueText(likely: unknown, index: number, more: number): string {
  const other = `{at=sink.writeAt(v,at,depth,${more});view=out.view}`;
  switch (likely === null ? 'null' : typeof likely) {
    case 'number':
      return `if(typeof v==='number')at=out.putNumber(v,at);else${other}`;
    case 'string': {
      const t = `t${index}`;
      return `if(v===${t}.text)at=${t}.put(view,at);else if(typeof v==='string'){at=${t}.write(out,v,at,${more});view=out.view}else${other}`;
    }
    case 'boolean':
    case 'null':
      return `if(v===true)view.setUint8(at++,195);else if(v===false)view.setUint8(at++,194);else if(v===null)view.setUint8(at++,192);else${other}`;
    default:
      return other;
  }
}
