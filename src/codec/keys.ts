/**
 * Predicts the keys of maps. Packets of one kind have the same keys in the same order, so the keys seen so far form a tree:
 * a path from a root is a map's first keys. While a map follows a path, each key costs a comparison of its bytes with those
 * expected; no text is made, and no key can be there twice, since no path was learnt that has one twice.
 *
 * The tree is filled by strangers, so it is bounded in every direction and lives on no hashing. When it is full, nothing is
 * learnt for a while and then all is forgotten: junk costs speed for a while, and can neither lock good shapes out for ever
 * nor make every key cost the learning.
 */

import { type Maker, makerOf } from './shapes.js';

/** A key in the place it had. */
export interface KeyNode {
  readonly key: string;
  /** Header and text, as they are in a packet. */
  readonly bytes: Uint8Array;
  /** The key that came next the last time: one of `children`. */
  next: KeyNode | null;
  /** Keys that came next; at most {@link MAX_CHILDREN}. */
  readonly children: KeyNode[];
  /** This key and all before it. */
  readonly path: readonly string[];
  /** Maps that ended here. */
  seen: number;
  /** Makes such a map, once many have been seen. */
  make: Maker | null;
}

/** Maps with more entries are dictionaries rather than shapes. */
const MAX_KEYS = 64;
/** Header and text of the longest key learnt. */
const MAX_KEY_BYTES = 40;
const MAX_CHILDREN = 8;
/** Keys learnt before the tree is full. */
const MAX_NODES = 2048;
/** Unknown keys that pass by a full tree before it is emptied. */
const PATIENCE = 16 * MAX_NODES;
/** Maps of a shape before it is worth compiling, which takes some 30 µs. */
const OFTEN = 100;
/** Shapes compiled; after so many others were seen often, the tree is emptied. */
const MAX_COMPILED = 256;
const MOST_REFUSED = 4 * MAX_COMPILED;

export class KeyTree {
  /** One for each number of keys that a map can have. */
  private roots: KeyNode[] = newRoots();
  private learnt = 0;
  private missed = 0;
  private compiled = 0;
  private refused = 0;

  /** Where a map of `count` keys begins; null if it is too large to be learnt. */
  root(count: number): KeyNode | null {
    return count <= MAX_KEYS ? (this.roots[count] as KeyNode) : null;
  }

  /** The key after `node` whose bytes are those at `bytes[at..end)`, if it is known. */
  follow(node: KeyNode, bytes: Uint8Array, at: number, end: number): KeyNode | null {
    const { next, children } = node;
    if (next !== null && startsWith(next.bytes, bytes, at, end)) return next;
    for (let i = 0; i < children.length; i++) {
      const child = children[i] as KeyNode;
      if (child !== next && startsWith(child.bytes, bytes, at, end)) {
        node.next = child;
        return child;
      }
    }
    return null;
  }

  /** Adds a key after `node`, which must not be on the path there; null if it is not to be. */
  learn(node: KeyNode, key: string, bytes: Uint8Array, start: number, end: number): KeyNode | null {
    if (end - start > MAX_KEY_BYTES) return null;
    if (this.learnt === MAX_NODES) {
      if (++this.missed < PATIENCE) return null;
      this.forget();
      return null;
    }
    const child = newNode(key, copyOf(bytes, start, end), [...node.path, key]);
    // With all places taken, which one goes is of no matter as long as it is not always the same.
    if (node.children.length < MAX_CHILDREN) node.children.push(child);
    else node.children[this.learnt % MAX_CHILDREN] = child;
    node.next = child;
    this.learnt++;
    return child;
  }

  private forget(): void {
    this.roots = newRoots();
    this.learnt = 0;
    this.missed = 0;
    this.compiled = 0;
    this.refused = 0;
  }

  /** A map has just ended at the node. Returns what makes such maps, if that is worth its while. */
  ended(node: KeyNode): Maker | null {
    if (node.make !== null || ++node.seen < OFTEN) return node.make;
    node.seen = 0;
    if (this.compiled === MAX_COMPILED) {
      if (++this.refused === MOST_REFUSED) this.forget();
      return null;
    }
    this.compiled++;
    node.make = makerOf(node.path);
    return node.make;
  }
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

function newNode(key: string, bytes: Uint8Array, path: readonly string[]): KeyNode {
  return { key, bytes, next: null, children: [], path, seen: 0, make: null };
}

function newRoots(): KeyNode[] {
  return Array.from({ length: MAX_KEYS + 1 }, () => newNode('', new Uint8Array(0), []));
}
