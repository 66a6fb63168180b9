/**
 * Copies a graph of objects, cycles and prototypes included: how the explorer branches off a state of the real core,
 * which therefore keeps everything in plain fields.
 */

import { FrameDecoder } from '../../src/protocol/frame.js';
import { Segment } from '../../src/protocol/segment.js';
import { SendBuffer } from '../../src/protocol/send-buffer.js';

/** @param shared - objects that are never changed, and stay what they are */
export function copyGraph<T>(root: T, shared: ReadonlySet<object>): T {
  return copy(root, new Map<object, unknown>(), shared) as T;
}

function copy(value: unknown, seen: Map<object, unknown>, shared: ReadonlySet<object>): unknown {
  if (typeof value !== 'object' || value === null || shared.has(value) || value instanceof Error) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof Uint8Array) {
    const bytes = value.length === 0 ? value : value.slice();
    seen.set(value, bytes);
    return bytes;
  }
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    seen.set(value, items);
    for (const item of value) items.push(copy(item, seen, shared));
    return items;
  }
  if (value instanceof Map) {
    const map = new Map();
    seen.set(value, map);
    for (const [key, item] of value) map.set(copy(key, seen, shared), copy(item, seen, shared));
    return map;
  }
  if (value instanceof Set) {
    const set = new Set();
    seen.set(value, set);
    for (const item of value) set.add(copy(item, seen, shared));
    return set;
  }
  if (value instanceof FrameDecoder && !value.partial) {
    // Drained: of what it was fed nothing is left.
    const decoder = new FrameDecoder();
    decoder.maxData = value.maxData;
    seen.set(value, decoder);
    return decoder;
  }
  if (value instanceof SendBuffer) return copyBuffer(value, seen);
  const object = Object.create(Object.getPrototypeOf(value)) as Record<string, unknown>;
  seen.set(value, object);
  for (const key in value) object[key] = copy((value as Record<string, unknown>)[key], seen, shared);
  return object;
}

/** Room that nothing lies in yet is not copied: what comes next is then put elsewhere, which nobody can tell. */
function copyBuffer(buffer: SendBuffer, seen: Map<object, unknown>): SendBuffer {
  const copied = Object.assign(Object.create(SendBuffer.prototype) as SendBuffer, buffer) as unknown as {
    spares: null;
    segments: Segment[];
  };
  copied.spares = null;
  copied.segments = copied.segments.map((segment) =>
    Object.assign(new Segment(segment.bytes.slice(0, segment.length), segment.first, segment.open), {
      length: segment.length,
      frames: segment.frames,
    }),
  );
  seen.set(buffer, copied);
  return copied as unknown as SendBuffer;
}
