/** For whom there is room, and who is told of it. */
import { describe, expect, it, vi } from 'vitest';
import { OWN_PART } from '../../src/protocol/budget.js';
import { ByeReason, encodeAck, encodeBye } from '../../src/protocol/control.js';
import { SendBuffer } from '../../src/protocol/send-buffer.js';
import type { MeshState } from '../../src/protocol/state.js';
import { follow, linked, type Scripted } from './scripted.js';

const SIZE = 1000;

/** Bytes of a window in which so many packets of `SIZE` have room. */
function room(packets: number): number {
  return Math.round(packets * SendBuffer.cost(SIZE));
}

function send(scripted: Scripted, id = 'a'): number {
  return scripted.act((mesh) => mesh.send(id, new Uint8Array(SIZE), false));
}

/** Sends until there is no room. */
function fill(scripted: Scripted, id = 'a'): number {
  let accepted = 0;
  while (send(scripted, id) > 0) accepted++;
  return accepted;
}

describe('urgent packets beside one that is larger than the whole window', () => {
  const urgent = (scripted: Scripted): number => scripted.act((mesh) => mesh.send('a', new Uint8Array(SIZE), true));
  const large = (scripted: Scripted): number =>
    scripted.act((mesh) => mesh.send('a', new Uint8Array(20 * SIZE), false));

  it('have a window of their own', () => {
    const { scripted, line } = linked({ window: room(8) });
    expect(large(scripted)).toBe(1);
    expect(send(scripted)).toBe(0);
    for (let count = 1; count <= 8; count++) expect(urgent(scripted)).toBe(count);
    expect(urgent(scripted)).toBe(0);
    // When the large one was had, they count like all others.
    line.say(encodeAck([1, 0]));
    expect([urgent(scripted), send(scripted)]).toEqual([0, 0]);
    line.say(encodeAck([1, 8]));
    expect(urgent(scripted)).toBe(9);
  });

  it('and not where the window is full of others', () => {
    const { scripted } = linked({ window: room(8) });
    expect(fill(scripted)).toBe(8);
    expect(urgent(scripted)).toBe(0);
  });

  it('and are told of room there when they were refused', () => {
    const { scripted, line } = linked({ window: room(8) });
    expect(large(scripted)).toBe(1);
    while (urgent(scripted) > 0);
    line.say(encodeAck([0, 3]));
    expect(scripted.heard()).toEqual([]);
    line.say(encodeAck([0, 4]));
    expect(scripted.heard()).toEqual(['drain a']);
    expect(urgent(scripted)).toBe(9);
    // Others are told when the large one was had, and not before, though some was refused since.
    expect(send(scripted)).toBe(0);
    line.say(encodeAck([0, 9]));
    expect(scripted.heard()).toEqual([]);
    line.say(encodeAck([1, 9]));
    expect(scripted.heard()).toEqual(['drain a']);
  });

  it('of the smaller window of both sides', () => {
    const { scripted } = linked({ window: room(8) }, { window: room(3) });
    expect(large(scripted)).toBe(1);
    let count = 0;
    while (urgent(scripted) > 0) count++;
    expect(count).toBe(3);
  });

  it('within what there is for all peers', () => {
    const { scripted } = linked({ window: room(8), totalWindow: room(22) });
    expect(large(scripted)).toBe(1);
    let count = 0;
    while (urgent(scripted) > 0) count++;
    expect(count).toBe(5);
  });

  it('but not of what is others’ own', () => {
    const all = 256 * SendBuffer.cost(SIZE);
    const { scripted } = linked({ window: room(8), totalWindow: all });
    for (const id of ['b', 'c']) follow(scripted, { id });
    const own = Math.floor((all * OWN_PART) / 3);
    expect(send(scripted, 'b')).toBe(1);
    // All that one may have, but for what an urgent one takes: in three pieces.
    const most = all * (1 - OWN_PART) + own - 3 * SendBuffer.cost(0) - 100;
    expect(scripted.act((mesh) => mesh.send('a', new Uint8Array(most), false))).toBe(3);
    expect(urgent(scripted)).toBe(0);
    const each = Math.floor(own / SendBuffer.cost(SIZE));
    expect([fill(scripted, 'b') + 1, fill(scripted, 'c')]).toEqual([each, each]);
  });

  it('and at least what is the peer’s own of that, though it is larger than all there is', () => {
    const { scripted, line } = linked({ window: room(8), totalWindow: room(16) });
    expect(large(scripted)).toBe(1);
    expect([urgent(scripted), urgent(scripted), send(scripted)]).toEqual([1, 0, 0]);
    line.say(encodeAck([0, 1]));
    expect(scripted.heard()).toEqual(['drain a']);
    expect(urgent(scripted)).toBe(2);
  });
});

describe('who was refused for want of room', () => {
  it('is told of none while others hold more than half of what is there for all', () => {
    const { scripted, line } = linked({ window: room(8), totalWindow: room(16) });
    const { line: other } = follow(scripted, { id: 'b' });
    scripted.heard();
    expect([fill(scripted), fill(scripted, 'b')]).toEqual([8, 8]);
    line.say(encodeAck([5, 0]));
    // Its own window is free by more than half.
    expect(scripted.heard()).toEqual([]);
    other.say(encodeAck([1, 0]));
    expect(scripted.heard()).toEqual([]);
    other.say(encodeAck([3, 0]));
    expect(scripted.heard()).toEqual(['drain a']);
    other.say(encodeAck([4, 0]));
    expect(scripted.heard()).toEqual(['drain b']);
  });

  it('and has nothing on its way is told as soon as anything is free: others may hold the rest for ever', () => {
    const { scripted, line } = linked({ window: room(8), totalWindow: room(8.4) });
    follow(scripted, { id: 'b' });
    expect([fill(scripted), fill(scripted, 'b')]).toEqual([8, 0]);
    scripted.heard();
    line.say(encodeAck([1, 0]));
    expect(scripted.heard()).toEqual(['drain b']);
    expect(send(scripted, 'b')).toBe(1);
  });

  it('and has had what was its own is told while one packet is more than there is for all', () => {
    const { scripted, line } = linked({ window: room(8), totalWindow: room(16) });
    const { line: other } = follow(scripted, { id: 'b' });
    scripted.heard();
    expect(scripted.act((mesh) => mesh.send('a', new Uint8Array(20 * SIZE), false))).toBe(1);
    const little = (): number => scripted.act((mesh) => mesh.send('b', new Uint8Array(1), false));
    let accepted = 0;
    while (little() > 0) accepted++;
    expect(accepted).toBe(Math.floor((room(16) * OWN_PART) / 2 / SendBuffer.cost(1)));
    expect([line.kinds(), other.kinds()].map((kinds) => kinds.includes('Ack'))).toEqual([true, true]);
    scripted.heard();
    other.say(encodeAck([accepted, 0]));
    expect(scripted.heard()).toEqual(['drain b']);
    expect(little()).toBe(accepted + 1);
  });

  it('asks what the peer has had of its own, once', () => {
    const { scripted, line } = linked({ window: room(4), totalWindow: room(16) });
    const { line: other } = follow(scripted, { id: 'b' });
    send(scripted, 'b');
    fill(scripted);
    fill(scripted);
    expect(line.kinds().filter((kind) => kind === 'Ack')).toHaveLength(1);
    expect(line.kinds()).not.toContain('Ack');
    expect(other.kinds()).not.toContain('Ack');
  });

  it('asks what all of them have had, where it may be the room for all that is full', () => {
    const { scripted, line } = linked({ window: room(8), totalWindow: room(16) });
    const { line: other } = follow(scripted, { id: 'b' });
    send(scripted, 'b');
    fill(scripted);
    for (const asked of [line, other]) expect(asked.kinds().filter((kind) => kind === 'Ack')).toHaveLength(1);
  });

  it('asks all of them once, however many are refused, until more is accepted', () => {
    const { scripted, line } = linked({ window: room(8), totalWindow: room(16) });
    const lines = [line];
    for (const id of ['b', 'c', 'd']) lines.push(follow(scripted, { id }).line);
    const asked = (): number[] => lines.map((each) => each.kinds().filter((kind) => kind === 'Ack').length);
    const { peers } = (scripted.mesh as unknown as { state: MeshState }).state;
    const walks = vi.spyOn(peers, 'values');
    fill(scripted);
    fill(scripted, 'b');
    walks.mockClear();
    for (const id of ['c', 'd']) expect(fill(scripted, id)).toBe(0);
    expect(walks).toHaveBeenCalledTimes(0);
    for (const each of asked().slice(0, 2)) expect(each).toBeGreaterThan(0);
    // There is room again, who hears of it takes it, and nobody waits any more.
    line.say(encodeAck([8, 0]));
    lines[1]?.say(encodeAck([7, 0]));
    asked();
    for (let count = 0; count < 4; count++) send(scripted, 'c');
    expect(asked()).toEqual([0, 0, 0, 0]);
    while (send(scripted) > 0);
    expect(asked()[2]).toBe(1);
  });

  it('asks all of them where it wants most of what there is for all, and again for all that is sent meanwhile', () => {
    const { scripted } = linked({ window: room(32), totalWindow: room(16) });
    const { line: other } = follow(scripted, { id: 'b' });
    for (let count = 0; count < 4; count++) send(scripted, 'b');
    other.said();
    expect(scripted.act((mesh) => mesh.send('a', new Uint8Array(15 * SIZE), false))).toBe(0);
    expect(other.kinds()).toEqual(['Ack']);
    // Little by little others would take what it waits for.
    send(scripted, 'b');
    expect(other.kinds()).toEqual(['Data', 'Ack']);
  });

  it('asks for all that is sent to the same peer meanwhile', () => {
    const { scripted, line } = linked({ window: room(8), totalWindow: room(64) });
    expect(send(scripted)).toBe(1);
    expect(scripted.act((mesh) => mesh.send('a', new Uint8Array(9 * SIZE), false))).toBe(0);
    line.said();
    expect(send(scripted)).toBe(2);
    expect(line.kinds()).toEqual(['Data', 'Ack']);
  });

  it('is not looked through again for acknowledgements of nothing', () => {
    const { scripted, line } = linked({ window: room(4) });
    fill(scripted);
    const { starved } = (scripted.mesh as unknown as { state: MeshState }).state;
    const walks = vi.spyOn(starved, Symbol.iterator);
    line.say(...Array.from({ length: 100 }, () => encodeAck([0, 0])));
    expect(walks).toHaveBeenCalledTimes(0);
    line.say(encodeAck([3, 0]));
    expect(scripted.heard()).toEqual(['drain a']);
  });

  it('is not told of it any more once the two part', () => {
    const { scripted, line } = linked({ window: room(4) });
    fill(scripted);
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.say(encodeAck([3, 0]));
    expect(scripted.heard()).toEqual([]);
    expect(send(scripted)).toBe(0);
  });

  it('is told of a whole window when the other side went and is wanted back', () => {
    const { scripted, line } = linked({ window: room(4) }, { addresses: ['test://a'] });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    fill(scripted);
    line.say(encodeBye(ByeReason.Closed));
    line.end();
    expect(scripted.heard()).toEqual(['undelivered a', 'drain a']);
    expect(fill(scripted)).toBe(4);
  });

  it('hears of nothing when it was not refused', () => {
    const { scripted, line } = linked({ window: room(4) }, { addresses: ['test://a'] });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    send(scripted);
    line.say(encodeBye(ByeReason.Closed));
    line.end();
    expect(scripted.heard()).toEqual(['undelivered a']);
  });
});
