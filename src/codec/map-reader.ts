/**
 * Code that reads maps of so many keys, for those of them that come often: a decision for each place where they differ, the
 * bytes of the keys as constants, and what each value most likely is, tried first. A map that is none of them is handed
 * back where it strays, with the values read so far, so that nothing is ever read twice.
 */
import { compile } from './compile.js';
import { type KeyNode, pathTo } from './keys.js';

/** What such code needs of the decoder. */
export interface Source {
  /** The next byte to read, where that is not handed over. */
  at: number;
  /** Reads any value; `depth` is the number of containers around it. */
  read(depth: number): unknown;
  /** Reads the text in `bytes[start..end)`, which may well be `known` again. */
  again(known: string, start: number, end: number): string;
  /** The eight bytes at `at` as a float64. */
  float(bytes: Uint8Array, at: number): number;
  /** Reads on behind `node`, whose keys have these values (others follow them), in a map of `count` keys. */
  stray(node: MapNode, values: readonly unknown[], count: number, depth: number): unknown;
}

/** Reads the entries of a map from `at` on, `depth` containers around them, in a packet that ends at `end`. */
export type MapReader = (source: Source, bytes: Uint8Array, at: number, end: number, depth: number) => unknown;
export type MapNode = KeyNode<MapReader>;

/** Maps with more keys are read key by key. */
export const MOST_KEYS = 32;
/** Keys in the code for one number of keys; with more, it begins anew with the shape that came last. */
const MAX_NODES = 192;

/**
 * Makes the code for maps of as many keys as there are on the way to `end`: those noted before and those that end there.
 * @param sample - such a map
 * @returns the number of keys in it
 */
export function learnByHeart(root: MapNode, end: MapNode, sample: Readonly<Record<string, unknown>>): number {
  const path = pathTo(end);
  note(path, sample);
  let text = new Text(root, path.length);
  if (text.nodes.length > MAX_NODES) {
    forget(root);
    note(path, sample);
    text = new Text(root, path.length);
  }
  root.code = compile<MapReader>({ nodes: text.nodes }, text.whole);
  return text.nodes.length;
}

function note(path: readonly MapNode[], sample: Readonly<Record<string, unknown>>): void {
  for (const node of path) {
    node.frequent = true;
    node.kind = typeof sample[node.key];
  }
}

function forget(node: MapNode): void {
  for (const child of node.children) {
    child.frequent = false;
    forget(child);
  }
}

class Text {
  /** Those that the code names, by their numbers. */
  readonly nodes: MapNode[] = [];
  readonly whole: string;
  readonly #count: number;

  constructor(root: MapNode, count: number) {
    this.#count = count;
    const values = Array.from({ length: count }, (_, index) => `v${index}`).join();
    const body = this.#after(root, 0);
    const known = this.nodes.map((_, index) => `t${index}=''`).join();
    this.whole = `let ${known};return(source,bytes,at,end,depth)=>{let node,${values};stray:{${body}}
source.at=at;return source.stray(nodes[node],[${values}],${count},depth)}`;
  }

  /** What follows the key of `node`, of which there are `index` with those before it. */
  #after(node: MapNode, index: number): string {
    const number = this.nodes.push(node) - 1;
    if (index === this.#count) {
      const entries = pathTo(node).map(({ key }, place) => `${JSON.stringify(key)}:v${place}`);
      return `source.at=at;return{${entries.join()}}`;
    }
    const ways = node.children.filter(({ frequent }) => frequent).map((child) => this.#way(child, index));
    return `${ways.join('')}node=${number};break stray`;
  }

  #way(node: MapNode, index: number): string {
    const { bytes } = node;
    const same = [...bytes].map((byte, place) => `bytes[at+${place}]===${byte}`).join('&&');
    const value = valueText(node.kind, `v${index}`, `t${this.nodes.length}`);
    return `if(end-at>${bytes.length}&&${same}){at+=${bytes.length};${value}${this.#after(node, index + 1)}}`;
  }
}

/** Code that reads a value at `at`, before `end`, to the variable `v`; `t` is a text that was read there before. */
function valueText(kind: string, v: string, t: string): string {
  const other = `{source.at=at;${v}=source.read(depth);at=source.at}`;
  if (kind === 'string') {
    // A text kept must be ASCII: as many characters as bytes.
    return `${v}=bytes[at];if((${v}&224)===160&&end-at>(${v}&31)){const to=at+1+(${v}&31);${v}=source.again(${t},at+1,to);
if(${v}!==${t}&&${v}.length===to-at-1)${t}=${v};at=to}else${other}`;
  }
  if (kind === 'number') {
    return `${v}=bytes[at];if(${v}<128)at++;else if(${v}===206&&end-at>4){
${v}=(bytes[at+1]<<24|bytes[at+2]<<16|bytes[at+3]<<8|bytes[at+4])>>>0;at+=5}
else if(${v}===203&&end-at>8){${v}=source.float(bytes,at+1);at+=9}else${other}`;
  }
  return other;
}
