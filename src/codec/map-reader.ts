/**
 * Code that reads maps of so many keys, for those of them that come often: a decision for each place where they differ, the
 * bytes of the keys as constants, and what each value most likely is, tried first. A map that is none of them is handed
 * back where it strays, with the values read so far, so that nothing is ever read twice.
 */
import { compile } from './compile.js';
import { type KeyNode, pathTo } from './keys.js';
import { IncomingText, type ValueSource, wordsOf } from './known-text.js';

/** What such code needs of the decoder. */
export interface Source extends ValueSource {
  /** Reads on behind `node`, whose keys have these values (others follow them), in a map of `count` keys. */
  stray(node: MapNode, values: readonly unknown[], count: number, depth: number): unknown;
}

/** Maps of which most must be known to such code, or it is given up: what it handed back took longer than without it. */
const TRIED = 1024;

/** Reads the entries of a map from `at` on, `depth` containers around them, in a packet that ends at `end` of a view of `limit` bytes. */
export type MapReader = (
  source: Source,
  view: DataView,
  at: number,
  end: number,
  limit: number,
  depth: number,
) => unknown;
export type MapNode = KeyNode<MapReader>;

/** Maps with more keys are read key by key. */
export const MOST_KEYS = 32;
/** Keys in the code for one number of keys; with more, it begins anew with the shape that came last. */
const MAX_NODES = 128;

/**
 * Makes the code for maps of as many keys as there are on the way to `end`: those noted before, those that end there, and
 * others that came half so often at least, for which it would be made anew soon.
 * @param sample - such a map
 * @returns the number of keys in it
 */
export function learnByHeart(
  root: MapNode,
  end: MapNode,
  sample: Readonly<Record<string, unknown>>,
  often: number,
): number {
  const path = pathTo(end);
  note(path, sample);
  noteOthers(root, often / 2);
  let text = new Text(root, path.length);
  if (text.nodes.length > MAX_NODES) {
    forget(root);
    note(path, sample);
    text = new Text(root, path.length);
  }
  root.code = compile<MapReader>({ nodes: text.nodes, IncomingText, giveUp: () => forgo(root) }, text.whole);
  return text.nodes.length;
}

function note(path: readonly MapNode[], sample: Readonly<Record<string, unknown>>): void {
  for (const node of path) {
    node.frequent = true;
    node.kind = kindOf(sample[node.key]);
  }
}

function noteOthers(node: MapNode, often: number): boolean {
  let any = node.seen >= often;
  for (const child of node.children) any = noteOthers(child, often) || any;
  node.frequent ||= any;
  return any;
}

/** What code expects of a value, having seen one. */
export function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function forgo(root: MapNode): void {
  root.code = null;
  forget(root);
}

function forget(node: MapNode): void {
  for (const child of node.children) {
    child.frequent = false;
    child.seen = 0;
    forget(child);
  }
}

class Text {
  /** Those that the code names, by their numbers. */
  readonly nodes: MapNode[] = [];
  readonly whole: string;
  readonly #count: number;
  /** Texts that are most likely what they were. */
  #texts = 0;

  constructor(root: MapNode, count: number) {
    this.#count = count;
    const values = Array.from({ length: count }, (_, index) => `v${index}`).join();
    const body = this.#after(root, 0);
    const texts = Array.from({ length: this.#texts }, (_, index) => `const t${index}=new IncomingText();`).join('');
    this.whole = `${texts}let known=0,strayed=0;return(source,view,at,end,limit,depth)=>{let node,${values};stray:{${body}}
if(++strayed===${TRIED}){if(known<strayed)giveUp();known=strayed=0}
source.at=at;return source.stray(nodes[node],[${values}],${count},depth)}`;
  }

  /** What follows the key of `node`, of which there are `index` with those before it. */
  #after(node: MapNode, index: number): string {
    const number = this.nodes.push(node) - 1;
    if (index === this.#count) {
      const entries = pathTo(node).map(({ key }, place) => `${JSON.stringify(key)}:v${place}`);
      return `source.at=at;known=known+1|0;return{${entries.join()}}`;
    }
    const ways = node.children.filter(({ frequent }) => frequent).map((child) => this.#way(child, index));
    return `${ways.join('')}node=${number};break stray`;
  }

  #way(node: MapNode, index: number): string {
    const { length } = node.bytes;
    const value = this.#value(node.kind, `v${index}`);
    return `if(end-at>${length}&&${isKey(node.bytes)}){at+=${length};${value}${this.#after(node, index + 1)}}`;
  }

  /** Code that reads a value at `at`, before `end`, to the variable `v`. */
  #value(kind: string, v: string): string {
    const other = `{source.at=at;${v}=source.read(depth);at=source.at}`;
    if (kind === 'string') {
      const t = `t${this.#texts++}`;
      return `if(${t}.is(view,at,end,limit)){${v}=${t}.text;at+=${t}.size}else{${v}=${t}.read(source,view,at,depth);at=source.at}`;
    }
    if (kind === 'number') {
      return `${v}=view.getUint8(at);if(${v}<128)at++;else if(${v}===206&&end-at>4){${v}=view.getUint32(at+1);at+=5}
else if(${v}===203&&end-at>8){${v}=view.getFloat64(at+1);at+=9}else${other}`;
    }
    if (kind === 'boolean' || kind === 'null') {
      return `${v}=view.getUint8(at);if(${v}===195){${v}=true;at++}else if(${v}===194){${v}=false;at++}
else if(${v}===192){${v}=null;at++}else${other}`;
    }
    return other;
  }
}

/** Code that tells whether these bytes come at `at`, behind which there is at least one more. Four at once, some maybe twice. */
function isKey(bytes: Uint8Array): string {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (length === 1) return `view.getUint8(at)===${view.getUint8(0)}`;
  if (length === 2) return `view.getUint16(at,true)===${view.getUint16(0, true)}`;
  if (length === 3) return `(view.getInt32(at,true)&0xffffff)===${view.getUint16(0, true) | (view.getUint8(2) << 16)}`;
  return wordsOf(length)
    .map((place) => `view.getInt32(at+${place},true)===${view.getInt32(place, true)}`)
    .join('&&');
}
