/** A packet that is encoded where it goes out, through the core; with the codec of nodes see test/server/meanwhile. */
import { describe, expect, it } from 'vitest';
import type { Mesh } from '../../src/protocol/mesh.js';
import type { Reservation } from '../../src/protocol/reservation.js';
import { follow, type Line, Scripted } from './scripted.js';

function linked(): { scripted: Scripted; line: Line; mesh: Mesh } {
  const scripted = new Scripted();
  const { line } = follow(scripted, {});
  scripted.act((mesh) => mesh.send('a', new Uint8Array(9), false));
  scripted.act((mesh) => mesh.send('a', new Uint8Array(9), true));
  line.said();
  return { scripted, line, mesh: scripted.mesh };
}

function reserved(mesh: Mesh, urgent = false): Reservation {
  const place = mesh.reserve('a', urgent);
  if (place === null) throw new Error('no place');
  return place;
}

describe('a reservation', () => {
  it.each([false, true])('becomes the next packet of its lane (urgent: %s)', (urgent) => {
    const { scripted, line, mesh } = linked();
    const before = line.bytes;
    const place = reserved(mesh, urgent);
    place.target.bytes.fill(7, place.at, place.at + 20);
    expect([...place.packet(3)]).toEqual([7, 7, 7]);
    expect(scripted.act(() => mesh.send('a', 20, urgent))).toBe(2);
    place.release();
    expect(line.bytes - before).toBe(urgent ? 22 : 21);
    expect(mesh.session('a')?.outstanding).toBe(2 * (10 + 256) + 11 - 10 + 10 + 256 + (urgent ? 12 : 11));
  });

  it('is one at a time, and none where nothing waits or nobody is', () => {
    const { mesh } = linked();
    const place = reserved(mesh);
    expect(mesh.reserve('a', false)).toBe(null);
    expect(mesh.reserve('a', true)).toBe(null);
    place.release();
    expect(mesh.reserve('nobody', false)).toBe(null);
    expect(mesh.reserve('a', true)).toBe(place);
    place.release();
    expect([place.peer, place.outgoing, place.target.bytes.length, place.at, place.maxPacket]).toEqual([
      null,
      null,
      0,
      0,
      0,
    ]);
    expect(mesh.send('a', 1, false)).toBe(0);
  });

  it.each([30, 300, 9000])('gives way to what is sent meanwhile (%d bytes), which comes first', (size) => {
    const { scripted, mesh } = linked();
    const place = reserved(mesh);
    place.target.bytes.fill(7, place.at, place.at + 20);
    expect(scripted.act(() => mesh.send('a', new Uint8Array(size).fill(9), false))).toBe(2);
    expect([...place.packet(20)]).toEqual(Array.from({ length: 20 }, () => 7));
    expect(scripted.act(() => mesh.send('a', 20, false))).toBe(3);
    place.release();
    const retained = mesh.session('a')?.normal.outgoing.retained() ?? [];
    expect(retained.map(({ payload }) => [payload.length, payload[0]])).toEqual([
      [9, 0],
      [size, 9],
      [20, 7],
    ]);
  });

  it('is of no use when the peer was parted from meanwhile', () => {
    const { scripted, mesh } = linked();
    const place = reserved(mesh);
    scripted.act((_mesh, now) => mesh.disconnect('a', now));
    expect(scripted.act(() => mesh.send('a', 20, false))).toBe(0);
    place.release();
  });
});
