import { describe, expect, it } from 'vitest';
import { Assembly, checkSize } from '../../src/protocol/assembly.js';
import { OVERHEAD } from '../../src/protocol/send-buffer.js';

function bytes(length: number, fill = 1): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

describe('Assembly', () => {
  it('puts pieces together, packet after packet', () => {
    const assembly = new Assembly();
    assembly.add(Uint8Array.of(1, 2), 10, 0);
    assembly.add(Uint8Array.of(3), 10, 0);
    expect(assembly.length).toBe(3);
    expect(assembly.complete(Uint8Array.of(4), 10, 0)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(assembly.length).toBe(0);
    assembly.add(Uint8Array.of(5), 10, 0);
    expect(assembly.complete(Uint8Array.of(), 10, 0)).toEqual(Uint8Array.of(5));
  });

  it('counts what was begun as the window does', () => {
    const assembly = new Assembly();
    for (const size of [1, 2]) assembly.add(bytes(size), 10, 0);
    expect(assembly.cost).toBe(3 + 2 * OVERHEAD);
    assembly.complete(bytes(1), 10, 0);
    expect(assembly.cost).toBe(0);
  });

  it('copies a piece, since its memory is used again', () => {
    const assembly = new Assembly();
    const memory = Uint8Array.of(1);
    assembly.add(memory, 10, 0);
    memory.fill(9);
    expect(assembly.complete(Uint8Array.of(2), 10, 0)).toEqual(Uint8Array.of(1, 2));
  });

  it('uses its memory again for the next packet, if that is no larger', () => {
    const assembly = new Assembly();
    const packet = (size: number): ArrayBufferLike => {
      assembly.add(bytes(size), 1e6, 0);
      const { buffer, length } = assembly.complete(bytes(1), 1e6, 0);
      expect(length).toBe(size + 1);
      return buffer;
    };
    const first = packet(5000);
    expect(packet(5000)).toBe(first);
    expect(packet(10)).toBe(first);
    const larger = packet(50_000);
    expect(larger).not.toBe(first);
    expect(packet(5000)).toBe(larger);
  });

  it('keeps memory for a second after the last piece', () => {
    const assembly = new Assembly();
    assembly.add(bytes(1), 10, 5000);
    expect(assembly.keptUntil).toBe(6000);
    assembly.complete(bytes(1), 10, 5500);
    expect(assembly.keptUntil).toBe(6500);
  });

  it('holds no more than twice what came once it was told to shrink, and goes on from there', () => {
    const assembly = new Assembly();
    assembly.add(bytes(50_000), 1e6, 0);
    const { buffer } = assembly.complete(bytes(1), 1e6, 0);
    assembly.shrink();
    assembly.add(bytes(7), 1e6, 0);
    assembly.shrink();
    assembly.shrink();
    const packet = assembly.complete(bytes(1, 2), 1e6, 0);
    expect(packet.buffer).not.toBe(buffer);
    expect(packet.buffer.byteLength).toBe(14);
    expect(packet).toEqual(Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 2));
  });

  it('holds no more than came of a packet in memory of a larger one, once it was told to shrink', () => {
    const assembly = new Assembly();
    assembly.add(bytes(50_000), 1e6, 0);
    assembly.complete(bytes(1), 1e6, 0);
    assembly.add(bytes(7), 1e6, 0);
    assembly.shrink();
    const { buffer } = (assembly as unknown as { bytes: Uint8Array }).bytes;
    expect(buffer.byteLength).toBe(7);
  });

  it('moves a packet no more often for pieces that come slowly than for others', () => {
    const assembly = new Assembly();
    const places = new Set<ArrayBufferLike>();
    assembly.add(bytes(1000), 1e6, 0);
    for (let count = 1; count <= 1000; count++) {
      assembly.shrink();
      assembly.add(bytes(1), 1e6, 0);
      places.add((assembly as unknown as { bytes: Uint8Array }).bytes.buffer);
    }
    expect(places.size).toBe(1);
  });

  it('takes at most twice what came, and no more than a packet may have', () => {
    const assembly = new Assembly();
    for (let count = 1; count <= 100; count++) assembly.add(bytes(10, count), 1500, 0);
    expect(assembly.complete(bytes(0), 1500, 0).buffer.byteLength).toBeLessThanOrEqual(1500);
    const small = new Assembly();
    small.add(bytes(1), 1e6, 0);
    expect(small.complete(bytes(0), 1e6, 0).buffer.byteLength).toBeLessThanOrEqual(2);
  });

  it('refuses a packet that grows too large, at the piece that makes it so', () => {
    const assembly = new Assembly();
    assembly.add(bytes(6), 10, 0);
    expect(() => assembly.add(bytes(5), 10, 0)).toThrow('a packet of more than 10 bytes');
    expect(() => assembly.complete(bytes(5), 10, 0)).toThrow('a packet of more than 10 bytes');
    expect(assembly.complete(bytes(4), 10, 0)).toHaveLength(10);
  });

  it('refuses an empty piece, of which there could be any number', () => {
    expect(() => new Assembly().add(bytes(0), 10, 0)).toThrow('an empty piece');
  });
});

it('a packet of one piece may be as large as any', () => {
  checkSize(10, 10);
  expect(() => checkSize(11, 10)).toThrow('a packet of more than 10 bytes');
});
