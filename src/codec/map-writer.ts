/**
 * Code that writes maps of one shape, for those that come often: the bytes of its keys as constants, and for each value what
 * it most likely is, tried first. That an object has just these keys in this order is known before; what they have for
 * values is not, and each may be missing (`undefined`).
 */
import { compile } from './compile.js';
import { type KeyNode, MAX_KEY_BYTES, pathTo } from './keys.js';
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
/** Bytes of the longest number. */
const NUMBER = 9;
/** Room that is asked for beyond what may be needed, since keys can be missing and numbers short. */
export const MAX_SURPLUS: number = MOST_KEYS * (MAX_KEY_BYTES + NUMBER);

/** @param sample - a map that ends at the node */
export function writerOf(end: MapNode, sample: Readonly<Record<string, unknown>>): MapWriter | null {
  const path = pathTo(end);
  const count = path.length;
  /** Behind the value of that number: the keys, and numbers as values. Whatever else comes sees to its own room. */
  const needed = (from: number): number => path.slice(from).reduce((sum, { bytes }) => sum + bytes.length + NUMBER, 0);
  const entries = path.map(({ key, bytes }, index) => {
    const stores = [...bytes].map((byte, place) => `bytes[at+${place}]=${byte}`).join(';');
    // Its values were read before, and a getter is asked once.
    const likely: unknown = Object.getOwnPropertyDescriptor(sample, key)?.value;
    const value = valueText(typeof likely, needed(index + 1));
    return `v=map[${JSON.stringify(key)}];if(v===undefined)n--;else{${stores};at+=${bytes.length};k=${index};${value}}`;
  });
  // Both questions are answered by the kind of object, which for this code is mostly one; the first tells engines of it.
  const text = `return(sink,out,map,depth)=>{if(map.toJSON!==undefined||getPrototypeOf(map)!==OBJECT)return false;
let k=0,n=${count},v;try{
const start=out.room(${1 + needed(0)});let at=start+1,{bytes}=out;
${entries.join('\n')}
bytes[start]=128|n;out.at=at;sink.count(2*n);return true}catch(error){throw sink.blame(error,keys[k])}}`;
  return compile<MapWriter>(
    { keys: path.map(({ key }) => key), OBJECT: Object.prototype, getPrototypeOf: Object.getPrototypeOf },
    text,
  );
}

/** Code that writes the value `v` at `at`, with room for `more` bytes behind it. */
function valueText(kind: string, more: number): string {
  const other = `{at=sink.writeAt(v,at,depth,${more});bytes=out.bytes}`;
  if (kind === 'number') return `if(typeof v==='number')at=out.putNumber(v,at);else${other}`;
  if (kind === 'string') return `if(typeof v==='string'){at=out.putText(v,at,${more});bytes=out.bytes}else${other}`;
  return other;
}
