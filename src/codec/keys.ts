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
  /** Keys that came next; at most {@link MAX_CHILDREN}. */
  children: KeyNode<Code>[];
  /** Maps that ended here. */
  seen: number;
  /** Maps that end here come often; or, if that was noted of it, those that go on from here. */
  frequent: boolean;
  /** `typeof` of a value that the key had, or `null`. */
  kind: string;
  /** Made for maps that come often. */
  code: Code | null;
}

/** Maps with more entries are dictionaries rather than shapes. */
const MAX_KEYS = 64;
/** Header and text of the longest key learnt. */
export const MAX_KEY_BYTES = 40;
const MAX_CHILDREN = 8;
/** Keys learnt before the tree is full. */
const MAX_NODES = 2048;
/** Unknown keys that pass by a full tree before it is emptied. */
const PATIENCE = 16 * MAX_NODES;
/** Maps of a shape before it is worth compiling, which takes some 100 µs. */
const OFTEN = 100;
/** Keys in all the code that is made; when so many more shapes came often, the tree is emptied. */
const MAX_COMPILED = 4096;
const MOST_REFUSED = 4096;

export class KeyTree<Code> {
  /** One for each number of keys that a map can have. */
  private roots: KeyNode<Code>[] = [];
  private learnt = 0;
  private missed = 0;
  private compiled = 0;
  private refused = 0;

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
      if (child !== next && startsWith(child.bytes, bytes, at, end)) {
        node.next = child;
        return child;
      }
    }
    return null;
  }

  /** The key after `node` that is called so, if it is known. */
  named(node: KeyNode<Code>, key: string): KeyNode<Code> | null {
    const { next, children } = node;
    if (next !== null && next.key === key) return next;
    for (let i = 0; i < children.length; i++) {
      const child = children[i] as KeyNode<Code>;
      if (child.key === key) {
        node.next = child;
        return child;
      }
    }
    return null;
  }

  /** Adds a key after `node`, which must not be on the path there; null if it is not to be. */
  learn(node: KeyNode<Code>, key: string, bytes: Uint8Array, start: number, end: number): KeyNode<Code> | null {
    if (end - start > MAX_KEY_BYTES) return null;
    if (this.learnt === MAX_NODES) {
      if (++this.missed < PATIENCE) return null;
      this.forget();
      return null;
    }
    const child = newNode(key, copyOf(bytes, start, end), node);
    // Most keys have one that comes next, and a list that grows from nothing takes room for seventeen.
    if (node.children.length === 0) node.children = [child];
    // With all places taken, which one goes is of no matter as long as it is not always the same.
    else if (node.children.length < MAX_CHILDREN) node.children.push(child);
    else node.children[this.learnt % MAX_CHILDREN] = child;
    node.next = child;
    this.learnt++;
    return child;
  }

  /** A map has just ended at the node. Whether code for such maps is to be made now: it is asked for once. */
  ended(node: KeyNode<Code>): boolean {
    if (node.frequent || ++node.seen < OFTEN) return false;
    node.seen = 0;
    if (this.compiled > MAX_COMPILED) {
      if (++this.refused === MOST_REFUSED) this.forget();
      return false;
    }
    node.frequent = true;
    return true;
  }

  /** Code with so many keys was made. */
  spend(keys: number): void {
    this.compiled += keys;
  }

  private forget(): void {
    this.roots = [];
    this.learnt = 0;
    this.missed = 0;
    this.compiled = 0;
    this.refused = 0;
  }
}

/** The nodes on the way to `node`, itself included. */
export function pathTo<Code>(node: KeyNode<Code>): KeyNode<Code>[] {
  const path: KeyNode<Code>[] = [];
  for (let at = node; at.parent !== null; at = at.parent) path.push(at);
  return path.reverse();
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
  return { key, bytes, parent, next: null, children: NONE, seen: 0, frequent: false, kind: '', code: null };
}
