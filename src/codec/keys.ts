/**
 * Predicts the keys of maps. Packets of one kind have the same keys in the same order, so the keys seen so far form a tree:
 * a path from a root is a map's first keys. Reading, a key that was foreseen costs a comparison of its bytes with those
 * expected; no text is made, and no key can be there twice, since no path was learnt that has one twice. And for maps that
 * come often, code is made that knows all their keys at once.
 *
 * The tree is filled by strangers, so it is bounded in every direction and lives on no hashing. When it is full, nothing is
 * learnt for a while and then all is forgotten: junk costs speed for a while, and can neither lock good shapes out for ever
 * nor make every key cost the learning.
 */

/** A key in the place it had. */
export interface KeyNode<Code> {
  readonly key: string;
  /** Header and text, as they are in a packet. */
  readonly bytes: Uint8Array;
  /** The key before it; null for a root, which is no key. */
  readonly parent: KeyNode<Code> | null;
  /** The key that came next the last time: one of `children`. */
  next: KeyNode<Code> | null;
  /** Keys that came next. */
  children: KeyNode<Code>[];
  /** How often one of them had to make room for another; once that was too often, how many keys more were not learnt. */
  displaced: number;
  /** Whether it came back lately, after another. */
  back: boolean;
  /** Maps that ended here. */
  seen: number;
  /** Maps that end here come often; or, if that was noted of it, those that go on from here. */
  frequent: boolean;
  /** Code was made for maps that go on from here: makes no room for others, for now. */
  kept: boolean;
  /** `typeof` of a value that the key had, or `null`. */
  kind: string;
  /** Made for maps that come often. */
  code: Code | null;
}

/** Maps with more entries are dictionaries rather than shapes. */
const MAX_KEYS = 64;
/** Header and text of the longest key learnt. */
export const MAX_KEY_BYTES = 40;
/** Of a node that is no root. */
const MAX_CHILDREN = 8;
/** So many that made room, and the place is one of a dictionary, whose keys are as good as values: it is closed for a while. */
const MAX_DISPLACED = 256;
/** Unknown keys that pass by before one of them is learnt. */
const CLOSED = 16 * MAX_DISPLACED;
/** Keys learnt before the tree is full. */
const MAX_NODES = 2048;
/** Unknown keys that pass by a full tree before it is emptied. */
const PATIENCE = 16 * MAX_NODES;
/**
 * Maps of a shape before it is worth compiling; with each {@link DEAR} keys in code, twice as many. To compile a key and to
 * optimize what came of it takes about a millisecond, if much of it on another core, and saves some 20 ns a map: shapes
 * without number must not cost more than they save.
 */
const OFTEN = 100;
const DEAR = 16;

export class KeyTree<Code> {
  /** One for each number of keys that a map can have. */
  private roots: KeyNode<Code>[] = [];
  private learnt = 0;
  private missed = 0;
  /** Keys in the code that was made lately, also in that which is forgotten. */
  private spent = 0;
  /** Maps of a shape that make code for it worth while now: asked for with each map, and changes with what was spent. */
  often: number = OFTEN;
  private readonly first: number;

  /** @param first - keys that maps can begin with, for each root */
  constructor(first: number = MAX_CHILDREN) {
    this.first = first;
  }

  /** Where a map of `count` keys begins; null if it is too large to be learnt. */
  root(count: number): KeyNode<Code> | null {
    if (count > MAX_KEYS) return null;
    const { roots } = this;
    while (roots.length <= count) roots.push(newNode<Code>('', NOTHING, null));
    return roots[count] as KeyNode<Code>;
  }

  /** The key after `node` whose bytes are those at `bytes[at..end)`, if it is known. */
  follow(node: KeyNode<Code>, bytes: Uint8Array, at: number, end: number): KeyNode<Code> | null {
    const { next, children } = node;
    if (next !== null && startsWith(next.bytes, bytes, at, end)) return next;
    for (let i = 0; i < children.length; i++) {
      const child = children[i] as KeyNode<Code>;
      if (child !== next && startsWith(child.bytes, bytes, at, end)) return comesNext(node, child);
    }
    return null;
  }

  /** The key after `node` that is called so, if it is known. */
  named(node: KeyNode<Code>, key: string): KeyNode<Code> | null {
    const { next, children } = node;
    if (next !== null && next.key === key) return next;
    for (let i = 0; i < children.length; i++) {
      const child = children[i] as KeyNode<Code>;
      if (child.key === key) return comesNext(node, child);
    }
    return null;
  }

  /** Whether nothing is learnt after `node`, for now: asked for each key that would be. */
  isClosed(node: KeyNode<Code>): boolean {
    if (node.displaced >= MAX_DISPLACED) {
      if (++node.displaced === MAX_DISPLACED + CLOSED) node.displaced = MAX_DISPLACED - 1;
      return true;
    }
    if (this.learnt < MAX_NODES) return false;
    if (++this.missed === PATIENCE) this.forget();
    return true;
  }

  /** Adds a key after `node`, which must not be on the path there; null if it is not to be. */
  learn(node: KeyNode<Code>, key: string, bytes: Uint8Array, start: number, end: number): KeyNode<Code> | null {
    if (end - start > MAX_KEY_BYTES || this.isClosed(node)) return null;
    const child = newNode(key, copyOf(bytes, start, end), node);
    // Most keys have one that comes next, and a list that grows from nothing takes room for seventeen.
    if (node.children.length === 0) node.children = [child];
    else if (node.children.length < (node.parent === null ? this.first : MAX_CHILDREN)) node.children.push(child);
    else if (!this.displace(node, child)) return null;
    node.next = child;
    this.learnt++;
    return child;
  }

  /** A map has just ended at the node. Whether code for such maps is to be made now: it is asked for once. */
  ended(node: KeyNode<Code>): boolean {
    if (node.frequent || ++node.seen < this.often) return false;
    node.frequent = true;
    return true;
  }

  /** Code was made for maps that end at the node: without those on the way there, it is not found. */
  keep(node: KeyNode<Code>): void {
    for (const each of pathTo(node)) each.kept = true;
  }

  /** Code with so many keys was made. */
  spend(keys: number): void {
    this.setSpent(this.spent + keys);
  }

  private setSpent(keys: number): void {
    this.spent = keys;
    this.often = OFTEN * 2 ** Math.floor(keys / DEAR);
  }

  /**
   * With all places taken, one makes room that did not come back lately, and that no code knows: what comes once must not
   * drive out what comes often.
   */
  private displace(node: KeyNode<Code>, child: KeyNode<Code>): boolean {
    const { children } = node;
    for (let turn = 0; turn < 2 * children.length; turn++) {
      const place = (node.displaced + turn) % children.length;
      const old = children[place] as KeyNode<Code>;
      if (!old.back && !old.frequent && !old.kept) {
        children[place] = child;
        node.displaced++;
        this.learnt--;
        return true;
      }
      old.back = false;
    }
    // What came often once may come no more: when the place opens again, only those stay that came back until then.
    for (const old of children) {
      old.kept = false;
      if (old.code !== null) old.frequent = false;
    }
    node.displaced = MAX_DISPLACED;
    return false;
  }

  private forget(): void {
    this.roots = [];
    this.learnt = 0;
    this.missed = 0;
    this.setSpent(this.spent / 2);
  }
}

/** The nodes on the way to `node`, itself included. */
export function pathTo<Code>(node: KeyNode<Code>): KeyNode<Code>[] {
  const path: KeyNode<Code>[] = [];
  for (let at = node; at.parent !== null; at = at.parent) path.push(at);
  return path.reverse();
}

function comesNext<Code>(node: KeyNode<Code>, child: KeyNode<Code>): KeyNode<Code> {
  child.back = true;
  node.next = child;
  return child;
}

function startsWith(expected: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  const length = expected.length;
  if (length > end - at) return false;
  for (let i = 0; i < length; i++) if (expected[i] !== bytes[at + i]) return false;
  return true;
}

/** Shares no memory with the packet, nor with a pool. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  for (let i = start; i < end; i++) copy[i - start] = bytes[i] as number;
  return copy;
}

const NOTHING = new Uint8Array(0);
const NONE: never[] = [];

function newNode<Code>(key: string, bytes: Uint8Array, parent: KeyNode<Code> | null): KeyNode<Code> {
  return {
    key,
    bytes,
    parent,
    next: null,
    children: NONE,
    displaced: 0,
    back: false,
    seen: 0,
    frequent: false,
    kept: false,
    kind: '',
    code: null,
  };
}
