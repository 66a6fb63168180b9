import { describe, expect, it } from 'vitest';
import { ACK_DELAY, LITTLE, LITTLE_DELAY } from '../../src/protocol/acknowledgement.js';
import {
  Extension,
  encodeAck,
  encodeAckRequest,
  encodeExtension,
  encodeHeartbeat,
} from '../../src/protocol/control.js';
import { Frame } from '../../src/protocol/frame.js';
import type { Deliver } from '../../src/protocol/output.js';
import { OVERHEAD, PIECE, SendBuffer } from '../../src/protocol/send-buffer.js';
import type { Lane, Session } from '../../src/protocol/session.js';
import { CONFIG, data, follow, type Line, linked, type Scripted } from './scripted.js';

function send(scripted: Scripted, size: number, urgent = false, id = 'a'): number {
  return scripted.act((mesh) => mesh.send(id, new Uint8Array(size), urgent));
}

/** What the core says next, with the counts of its acknowledgements. */
function acks(line: Line): unknown[] {
  return line.said().flatMap(({ kind, fields }) => (kind === 'Ack' ? [(fields as { handled: unknown }).handled] : []));
}

describe('sending', () => {
  it('costs one byte on a small packet', () => {
    const { scripted, line } = linked();
    const before = line.bytes;
    for (let i = 0; i < 100; i++) send(scripted, 100);
    expect(line.bytes - before).toBe(100 * 101);
  });

  it('gives packets numbers, lane by lane', () => {
    const { scripted } = linked();
    expect([send(scripted, 1), send(scripted, 1), send(scripted, 1, true), send(scripted, 1)]).toEqual([1, 2, 1, 3]);
  });

  it('to somebody unknown is refused, and nobody is told of room', () => {
    const { scripted } = linked();
    expect(send(scripted, 1, false, 'b')).toBe(0);
    expect(scripted.mesh.writable('b', 1)).toBe(false);
    expect(scripted.heard()).toEqual([]);
  });

  it('to several gives each one packet, however often it is named, and tells how many took it', () => {
    const { scripted, line } = linked();
    const all = (ids: string[], size: number): number =>
      scripted.act((mesh) =>
        mesh.sendAll(
          mesh.group(ids, () => undefined),
          new Uint8Array(size),
          false,
        ),
      );
    const before = line.bytes;
    expect(all(['a', 'nobody', 'a'], 9)).toBe(1);
    expect(all(['a'], 9)).toBe(1);
    expect(line.bytes - before).toBe(2 * 10);
    expect(all(['nobody'], 9)).toBe(0);
    expect(all(['a'], 1e6)).toBe(0);
  });

  it('lets urgent packets pass ahead of normal ones that wait', () => {
    const { scripted, line } = linked();
    const { mesh, now } = scripted;
    for (const [text, urgent] of [
      ['1', false],
      ['2', true],
      ['3', false],
      ['4', true],
    ] as const) {
      mesh.send('a', Buffer.from(text), urgent);
    }
    line.collect(mesh.gather(line.connection, 1e6, now));
    expect(line.said().map(({ fields }) => fields)).toEqual(
      ['2', '4', '1', '3'].map((text) => ({ payload: Buffer.from(text).toString('hex') })),
    );
  });

  it('lets urgent packets and control frames pass between the pieces of a large one', () => {
    const { scripted, line } = linked({ window: 1e6 }, { window: 1e6 });
    const { mesh, now } = scripted;
    mesh.send('a', new Uint8Array(3 * PIECE), false);
    line.collect(mesh.gather(line.connection, 1, now));
    mesh.send('a', new Uint8Array(1), true);
    mesh.ping('a');
    for (let i = 0; i < 3; i++) line.collect(mesh.gather(line.connection, 1, now));
    expect(line.kinds()).toEqual(['Piece', 'Ping', 'Urgent', 'Piece', 'Data']);
  });

  it('lets normal packets wait while urgent ones use the budget up', () => {
    const { scripted, line } = linked({ window: 1e6 }, { window: 1e6 });
    const { mesh, now } = scripted;
    mesh.send('a', new Uint8Array(10_000), true);
    mesh.send('a', new Uint8Array(10), false);
    line.collect(mesh.gather(line.connection, 10_000, now));
    expect(line.kinds()).toEqual(['Urgent']);
    expect(mesh.takeDirty()).toEqual([line.connection]);
    line.collect(mesh.gather(line.connection, 10_000, now));
    expect(line.kinds()).toEqual(['Data']);
    expect(mesh.takeDirty()).toEqual([]);
  });

  it('takes one connection alone, and it comes up again only with more', () => {
    const { scripted, line } = linked();
    const { mesh, now } = scripted;
    expect([mesh.dirty, mesh.takeIfDirty(line.connection)]).toEqual([false, false]);
    mesh.send('a', new Uint8Array(10), false);
    expect([mesh.dirty, mesh.takeIfDirty(line.connection), mesh.dirty]).toEqual([true, true, false]);
    line.collect(mesh.gather(line.connection, 10_000, now));
    expect(line.kinds()).toEqual(['Data']);
    expect(mesh.takeDirty()).toEqual([]);
    mesh.send('a', new Uint8Array(10), false);
    expect(mesh.takeDirty()).toEqual([line.connection]);
  });

  it('goes on when a connection takes bytes again', () => {
    const { scripted, line } = linked();
    expect(scripted.mesh.takeDirty()).toEqual([]);
    scripted.mesh.drained(line.connection);
    expect(scripted.mesh.takeDirty()).toEqual([line.connection]);
    line.end();
    scripted.mesh.takeDirty();
    scripted.mesh.drained(line.connection);
    expect(scripted.mesh.takeDirty()).toEqual([]);
  });

  it('writes no more than the budget, but for the segment in which it ends', () => {
    const { scripted, line } = linked({ window: 1e6 }, { window: 1e6 });
    const { mesh, now } = scripted;
    for (let i = 0; i < 500; i++) mesh.send('a', new Uint8Array(1000), false);
    const views = mesh.gather(line.connection, 100_000, now);
    const size = views.reduce((sum, view) => sum + view.length, 0);
    expect(size).toBeGreaterThanOrEqual(100_000);
    expect(size).toBeLessThan(100_000 + 64 * 1024);
    expect(mesh.takeDirty()).toEqual([line.connection]);
  });
});

/** Bytes of a window in which so many packets of 1000 bytes have room. */
function room(packets: number): number {
  return packets * SendBuffer.cost(1000);
}

describe('the window', () => {
  it('refuses what does not fit, and tells of room when half of it is free', () => {
    const { scripted, line } = linked({ window: room(9) });
    let accepted = 0;
    while (send(scripted, 1000) > 0) accepted++;
    expect(accepted).toBe(9);
    expect(scripted.mesh.writable('a', 1000)).toBe(false);
    line.say(encodeAck([4, 0]));
    expect(scripted.heard()).toEqual([]);
    line.say(encodeAck([5, 0]));
    expect(scripted.heard()).toEqual(['drain a']);
    expect(scripted.mesh.writable('a', 1000)).toBe(true);
    line.say(encodeAck([9, 0]));
    expect(scripted.heard()).toEqual([]);
  });

  it('is told of only when there is room for the smallest packet that was refused', () => {
    const { scripted, line } = linked({ window: room(10) });
    for (let i = 0; i < 10; i++) expect(send(scripted, 1000)).toBe(i + 1);
    expect(send(scripted, 9000)).toBe(0);
    expect(send(scripted, 8000)).toBe(0);
    line.say(encodeAck([6, 0]));
    expect(scripted.mesh.writable('a', 1000)).toBe(true);
    expect(scripted.heard()).toEqual([]);
    line.say(encodeAck([8, 0]));
    expect(scripted.heard()).toEqual(['drain a']);
    expect(send(scripted, 8000)).toBe(11);
    // What was refused before is forgotten.
    expect(send(scripted, 3000)).toBe(0);
    line.say(encodeAck([11, 0]));
    expect(scripted.heard()).toEqual(['drain a']);
  });

  it('tells nobody of room that others have taken', () => {
    const { scripted, line } = linked({ window: room(9), totalWindow: room(10) });
    follow(scripted, { id: 'b' });
    scripted.heard();
    for (let i = 0; i < 9; i++) send(scripted, 1000);
    expect(send(scripted, 5000, false, 'b')).toBe(0);
    line.say(encodeAck([3, 0]));
    expect(scripted.heard()).toEqual([]);
    line.say(encodeAck([6, 0]));
    expect(scripted.heard()).toEqual(['drain b']);
    expect(send(scripted, 5000, false, 'b')).toBe(1);
  });

  it('is the smaller of both sides’ wishes', () => {
    const { scripted } = linked({ window: room(9) }, { window: room(2) });
    expect([send(scripted, 1000), send(scripted, 1000), send(scripted, 1000)]).toEqual([1, 2, 0]);
  });

  it('takes one packet that is larger than it when nothing else is on its way', () => {
    const { scripted, line } = linked({ window: 1000 });
    expect(send(scripted, 300_000)).toBe(3);
    expect(send(scripted, 1)).toBe(0);
    line.say(encodeAck([3, 0]));
    expect(scripted.heard()).toEqual(['drain a']);
    expect(send(scripted, 1)).toBe(4);
  });

  it('counts both lanes', () => {
    const { scripted } = linked({ window: room(2) });
    expect([send(scripted, 1000, true), send(scripted, 1000), send(scripted, 1000, true)]).toEqual([1, 1, 0]);
  });

  it('of all peers together is bounded too', () => {
    const { scripted, line } = linked({ window: room(9), totalWindow: room(11) });
    follow(scripted, { id: 'b' });
    scripted.heard();
    while (send(scripted, 1000) > 0);
    let accepted = 0;
    while (send(scripted, 1000, false, 'b') > 0) accepted++;
    expect(accepted).toBe(2);
    line.say(encodeAck([9, 0]));
    expect(scripted.heard().sort()).toEqual(['drain a', 'drain b']);
    expect(send(scripted, 1000, false, 'b')).toBe(3);
  });

  it('is free for others when a session ends, and they are told', () => {
    const { scripted, line } = linked({ window: room(9), totalWindow: room(9.4) }, { keep: true, resumeWindow: 0 });
    follow(scripted, { id: 'b' });
    while (send(scripted, 1000) > 0);
    expect(send(scripted, 1000, false, 'b')).toBe(0);
    scripted.heard();
    line.end();
    scripted.wait(0);
    expect(scripted.heard()).toContain('drain b');
    expect(send(scripted, 1000, false, 'b')).toBe(1);
  });

  it('is told of to who only asked whether there is room', () => {
    const { scripted, line } = linked({ window: room(9) });
    for (let i = 0; i < 9; i++) expect(send(scripted, 1000)).toBe(i + 1);
    expect(scripted.mesh.writable('a', 1000)).toBe(false);
    line.say(encodeAck([9, 0]));
    expect(scripted.heard()).toContain('drain a');
  });

  it('is free again when a session ends', () => {
    const { scripted, line } = linked({ window: room(9), totalWindow: room(9.4) }, { keep: true, resumeWindow: 0 });
    while (send(scripted, 1000) > 0);
    line.end();
    scripted.wait(0);
    follow(scripted, { id: 'b' });
    expect(send(scripted, 9000, false, 'b')).toBe(1);
  });

  it('counts more than its bytes for a packet, so that tiny ones are bounded too', () => {
    const { scripted } = linked({ window: 64 * 1024 }, { window: 64 * 1024 });
    let accepted = 0;
    while (send(scripted, 1) > 0) accepted++;
    expect(accepted).toBeLessThan((64 * 1024) / OVERHEAD);
  });

  it('overrun by the other side is a protocol error', () => {
    const { scripted, line } = linked({ window: 2 * (500 + OVERHEAD), maxPacket: 500 });
    scripted.handles = false;
    const packet = data('x'.repeat(500));
    for (let i = 0; i < 3; i++) line.say(packet);
    expect(scripted.heard()).not.toContain('fault ERR_PROTOCOL');
    line.say(packet);
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
  });
});

describe('acknowledgement', () => {
  it('waits for more, and then tells all at once', () => {
    const { scripted, line } = linked({ window: 1e6 }, { window: 1e6 });
    // The first on a new link is told at once.
    line.say(data('x'));
    expect(acks(line)).toEqual([[1, 0]]);
    for (let i = 0; i < 50; i++) line.say(data('x'), data('y', Frame.Urgent));
    expect(acks(line)).toEqual([]);
    scripted.wait(ACK_DELAY - 1);
    expect(acks(line)).toEqual([]);
    const before = line.bytes;
    scripted.wait(1);
    expect(acks(line)).toEqual([[51, 50]]);
    expect(line.bytes - before).toBe(4);
    scripted.wait(500);
    expect(acks(line)).toEqual([]);
  });

  it('of a little waits ten times as long, and comes sooner when it gets more', () => {
    const { scripted, line } = linked();
    line.say(data('w'));
    line.said();
    line.say(data('x'));
    scripted.wait(LITTLE_DELAY - 1);
    line.say(data('y'));
    expect(acks(line)).toEqual([]);
    scripted.wait(1);
    expect(acks(line)).toEqual([[3, 0]]);
    const fits = Math.floor(LITTLE / (1 + OVERHEAD));
    for (let i = 0; i < fits; i++) line.say(data('x'));
    scripted.wait(ACK_DELAY);
    expect(acks(line)).toEqual([]);
    line.say(data('y'));
    scripted.wait(ACK_DELAY - 1);
    expect(acks(line)).toEqual([]);
    scripted.wait(1);
    expect(acks(line)).toEqual([[4 + fits, 0]]);
  });

  it.each([
    ['half a MiB', { window: 1e8 }, { window: 1e8 }, 512 * 1024],
    ['an eighth of the window', { window: 2e6 }, { window: 2e6 }, 250_000],
    ['half of a small window', { window: 80_000 }, { window: 1e8 }, 40_000],
    ['half of a small window of the peer', { window: 1e8 }, { window: 80_000 }, 40_000],
  ])('comes without delay after %s: well below a byte per packet', (_what, config, fields, bytes) => {
    const { line } = linked(config, fields);
    line.say(data('x'));
    line.said();
    const before = line.bytes;
    const [size, packets] = [100, 10_000];
    for (let i = 0; i < packets; i += 10) line.say(...Array.from({ length: 10 }, () => data('x'.repeat(size))));
    const told = acks(line);
    // Ten packets come at once, so it is never exact.
    const batches = (packets * (size + OVERHEAD)) / bytes;
    expect(told.length).toBeGreaterThan(batches * 0.85);
    expect(told.length).toBeLessThanOrEqual(batches);
    expect((line.bytes - before) / packets).toBeLessThan(0.2);
  });

  it('comes at once where it is asked for', () => {
    const { line } = linked();
    line.say(data('x'), data('y'), encodeAckRequest());
    expect(acks(line)).toEqual([[2, 0]]);
    line.say(encodeAckRequest());
    expect(acks(line)).toEqual([]);
  });

  it('comes at once where it is asked for after all has been handled', () => {
    const { line } = linked();
    line.say(data('w'));
    line.said();
    line.say(data('x'));
    expect(acks(line)).toEqual([]);
    line.say(encodeAckRequest());
    expect(acks(line)).toEqual([[2, 0]]);
  });

  it('does not wait for a pause', () => {
    const { scripted, line } = linked();
    line.say(data('w'));
    line.said();
    for (let i = 0; i < 20; i++) {
      line.say(data('x'));
      scripted.wait(LITTLE_DELAY - 1);
    }
    expect(acks(line).length).toBeGreaterThanOrEqual(9);
  });

  it('that is due goes out with the next bytes that come, where the timer is late', () => {
    const { scripted, line } = linked();
    line.say(data('w'));
    line.said();
    line.say(data('x'));
    scripted.now += LITTLE_DELAY - 1;
    line.say(encodeHeartbeat());
    expect(acks(line)).toEqual([]);
    scripted.now += 1;
    line.say(encodeHeartbeat());
    expect(acks(line)).toEqual([[2, 0]]);
  });

  it('never goes back where packets are handled out of order', () => {
    const { scripted, line } = linked();
    line.say(data('w'));
    line.said();
    scripted.handles = false;
    for (const text of ['1', '2']) line.say(data(text));
    for (const receipt of scripted.unhandled.reverse()) scripted.act((mesh, now) => mesh.handled(receipt, now));
    scripted.wait(LITTLE_DELAY);
    expect(acks(line)).toEqual([[3, 0]]);
    expect(scripted.mesh.session('a')).toMatchObject({ handledBytes: 3 * (1 + OVERHEAD) });
  });

  it('that is asked for where nobody takes packets is answered with that', () => {
    const { scripted, line } = linked();
    line.say(data('w'));
    line.said();
    scripted.handles = false;
    scripted.mesh.attend(false);
    line.say(data('x'), encodeAckRequest());
    expect(line.one('Extension')).toEqual({ payload: `0${Extension.Deaf}` });
    const [receipt] = scripted.unhandled;
    scripted.act((mesh, now) => receipt && mesh.handled(receipt, now));
    expect(acks(line)).toEqual([[2, 0]]);
    // Nothing waits any more, or somebody takes it.
    line.say(encodeAckRequest());
    scripted.mesh.attend(true);
    line.say(data('y'), encodeAckRequest());
    expect(line.kinds()).toEqual([]);
  });

  it('where it is asked for waits for the application', () => {
    const { scripted, line } = linked();
    line.say(data('w'));
    line.said();
    scripted.handles = false;
    line.say(data('x'), data('y'), encodeAckRequest());
    for (const receipt of scripted.unhandled) {
      expect(acks(line)).toEqual([]);
      scripted.act((mesh, now) => mesh.handled(receipt, now));
    }
    expect(acks(line)).toEqual([[3, 0]]);
  });

  it.each([
    ['', Extension.Roomy],
    [' by who is crowded', Extension.Crowded],
  ])('that is asked for%s, and again before the application has had what there was, comes each time', (_, crowd) => {
    const { scripted, line } = linked();
    line.say(data('w'), encodeExtension(crowd));
    scripted.wait(LITTLE_DELAY);
    line.say(encodeAckRequest());
    line.said();
    scripted.handles = false;
    for (const text of ['x', 'y', 'z']) line.say(data(text), encodeAckRequest());
    const told = scripted.unhandled.map((receipt) => {
      scripted.act((mesh, now) => mesh.handled(receipt, now));
      return acks(line);
    });
    expect(told).toEqual([[[2, 0]], [[3, 0]], [[4, 0]]]);
  });

  it('tells of nothing that the application has not had', () => {
    const { scripted, line } = linked();
    scripted.handles = false;
    for (const text of ['1', '2', '3']) line.say(data(text));
    scripted.wait(100);
    expect(acks(line)).toEqual([]);
    const [first, second, third] = scripted.unhandled;
    // The first of a new link is told at once, however late the application takes it.
    scripted.act((mesh, now) => second && mesh.handled(second, now));
    expect(acks(line)).toEqual([[2, 0]]);
    scripted.act((mesh, now) => first && mesh.handled(first, now));
    scripted.act((mesh, now) => third && mesh.handled(third, now));
    expect(acks(line)).toEqual([]);
    scripted.wait(LITTLE_DELAY);
    expect(acks(line)).toEqual([[3, 0]]);
  });

  it('is not late because an older packet was handled after it', () => {
    const { scripted, line } = linked();
    scripted.handles = false;
    for (const text of ['1', '2', '3']) line.say(data(text));
    const [first, second, third] = scripted.unhandled;
    scripted.act((mesh, now) => second && mesh.handled(second, now));
    scripted.act((mesh, now) => first && mesh.handled(first, now));
    expect(acks(line)).toEqual([[2, 0]]);
    scripted.wait(1);
    scripted.act((mesh, now) => mesh.tick(now));
    scripted.act((mesh, now) => third && mesh.handled(third, now));
    scripted.wait(LITTLE_DELAY);
    expect(acks(line)).toEqual([[3, 0]]);
  });

  it('of a packet in pieces comes when it is whole', () => {
    const { scripted, line } = linked();
    line.say(data('x', Frame.Piece), data('y', Frame.Piece));
    scripted.wait(LITTLE_DELAY);
    expect(acks(line)).toEqual([]);
    line.say(data('z'));
    scripted.wait(LITTLE_DELAY);
    expect(scripted.packets).toEqual(['xyz']);
    expect(acks(line)).toEqual([[3, 0]]);
  });

  it('is asked for by who wants to know, behind the last byte', () => {
    const { scripted, line } = linked();
    send(scripted, 10);
    line.said();
    scripted.act((mesh) => mesh.ask('a'));
    expect(acks(line)).toEqual([null]);
    line.say(encodeAck([1, 0]));
    scripted.act((mesh) => mesh.ask('a'));
    expect(acks(line)).toEqual([]);
  });

  it('is asked for behind urgent packets too, where others that they pass go on waiting', () => {
    const { scripted, line } = linked({ window: 1e6 }, { window: 1e6 });
    const { mesh, now } = scripted;
    mesh.send('a', new Uint8Array(3 * PIECE), false);
    mesh.send('a', new Uint8Array(1), true);
    mesh.ask('a');
    for (let i = 0; i < 3; i++) line.collect(mesh.gather(line.connection, 10, now));
    expect(line.kinds()).toEqual(['Urgent', 'Ack', 'Piece', 'Piece', 'Data', 'Ack']);
  });

  it('is asked for behind the last packet that goes whole before a large one, which goes on waiting', () => {
    const { scripted, line } = linked({ window: 1e6 }, { window: 1e6 });
    const { mesh, now } = scripted;
    for (const size of [10, 10, 3 * PIECE, 10, 3 * PIECE]) mesh.send('a', new Uint8Array(size), false);
    mesh.ask('a');
    for (let i = 0; i < 4; i++) line.collect(mesh.gather(line.connection, 2 * PIECE, now));
    const large = ['Piece', 'Piece', 'Data'];
    expect(line.kinds()).toEqual(['Data', 'Data', 'Ack', ...large, 'Data', 'Ack', ...large, 'Ack']);
  });

  it.each([
    ['before it', false, ['Data', 'Piece', 'Piece', 'Data', 'Ack']],
    ['urgent', true, ['Urgent', 'Piece', 'Piece', 'Data', 'Ack']],
  ] as const)('is asked for behind a large packet by who parts, of one %s too', (_which, urgent, kinds) => {
    const { scripted, line } = linked({ window: 1e6 }, { window: 1e6 });
    const { mesh, now } = scripted;
    mesh.send('a', new Uint8Array(10), urgent);
    mesh.send('a', new Uint8Array(3 * PIECE), false);
    mesh.ask('a');
    mesh.disconnect('a', now);
    for (let i = 0; i < 2; i++) line.collect(mesh.gather(line.connection, 2 * PIECE, now));
    expect(line.kinds()).toEqual(kinds);
  });

  it('is not asked for before a large packet where nobody wants to know', () => {
    const { scripted, line } = linked({ window: 1e6 }, { window: 1e6 });
    const { mesh, now } = scripted;
    for (const size of [10, 3 * PIECE]) mesh.send('a', new Uint8Array(size), false);
    for (let i = 0; i < 2; i++) line.collect(mesh.gather(line.connection, 2 * PIECE, now));
    expect(line.kinds()).toEqual(['Data', 'Piece', 'Piece', 'Data']);
  });

  it('is asked for once where nothing waits any more', () => {
    const { scripted, line } = linked();
    const { mesh, now } = scripted;
    mesh.send('a', new Uint8Array(10), false);
    mesh.send('a', new Uint8Array(1), true);
    mesh.ask('a');
    line.collect(mesh.gather(line.connection, 1000, now));
    expect(line.kinds()).toEqual(['Urgent', 'Data', 'Ack']);
  });

  it('of an urgent packet comes where it is asked for, though the one that it passed is not whole', () => {
    const { scripted, line } = linked();
    line.say(data('1'), data('x', Frame.Piece));
    expect(acks(line)).toEqual([[1, 0]]);
    line.say(data('u', Frame.Urgent));
    expect(acks(line)).toEqual([]);
    line.say(encodeAckRequest());
    expect(acks(line)).toEqual([[1, 1]]);
    line.say(data('y'), encodeAckRequest());
    expect(acks(line)).toEqual([[3, 1]]);
    expect(scripted.packets).toEqual(['1', 'u', 'xy']);
  });

  it.each([
    ['of what was never sent', [2, 0]],
    ['of urgent packets that were never sent', [0, 1]],
  ] as const)('%s is a protocol error, and the session goes on', (_, counts) => {
    const { scripted, line } = linked();
    send(scripted, 10);
    line.say(encodeAck(counts));
    expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
    expect(line.closed).toBe('cut');
    expect(scripted.mesh.session('a')?.settled).toBe(false);
  });

  it('that goes back is a protocol error', () => {
    const { scripted, line } = linked();
    send(scripted, 10);
    send(scripted, 10);
    line.say(encodeAck([2, 0]), encodeAck([1, 0]));
    expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
  });

  it('of half a packet is a protocol error', () => {
    const { scripted, line } = linked({ window: 1e6 });
    send(scripted, 2 * PIECE);
    line.say(encodeAck([1, 0]));
    expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
  });
});

describe('receiving', () => {
  it('hands out packets in the order of each lane', () => {
    const { scripted, line } = linked();
    line.say(data('1'), data('a', Frame.Piece), data('!', Frame.Urgent), data('b'), data('2'));
    expect(scripted.packets).toEqual(['1', '!', 'ab', '2']);
  });

  it('holds no more than a window and a packet, also where urgent packets pass pieces and are had', () => {
    const { scripted, line } = linked();
    const { window, maxPacket } = CONFIG;
    scripted.handles = false;
    const piece = data('x'.repeat(PIECE), Frame.Piece);
    for (let count = 0; count < 7; count++) line.say(piece);
    line.say(data('!', Frame.Urgent));
    for (const receipt of scripted.unhandled) scripted.act((mesh, now) => mesh.handled(receipt, now));
    const session = scripted.mesh.session('a') as Session;
    expect(session.receivedBytes - session.handledBytes).toBe(7 * (PIECE + OVERHEAD));
    let held = 7 * PIECE;
    const urgent = data('y'.repeat(PIECE / 4), Frame.Urgent);
    for (; line.closed === null; held += PIECE / 4) line.say(urgent);
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
    expect(held).toBeLessThanOrEqual(window + maxPacket + PIECE / 4);
  });

  it('counts pieces that an urgent packet passed as had when theirs is', () => {
    const { scripted, line } = linked();
    const session = scripted.mesh.session('a') as Session;
    line.say(data('abc', Frame.Piece), data('!', Frame.Urgent));
    expect(session.handledBytes).toBe(1 + OVERHEAD);
    line.say(data('d'), data('!', Frame.Urgent));
    expect(session.handledBytes).toBe(session.receivedBytes);
  });

  it('refuses pieces that make a packet too large', () => {
    const { scripted, line } = linked({ maxPacket: 1000, window: 10_000 });
    const piece = data('x'.repeat(600), Frame.Piece);
    line.say(piece, piece);
    expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
  });

  it('keeps pieces in memory of its own: what a chunk came in is used again', () => {
    const { scripted, line } = linked();
    for (const frame of [data('pie', Frame.Piece), data('ces', Frame.Piece), data('!')]) {
      const chunk = Buffer.from(frame);
      scripted.mesh.received(line.connection, chunk, scripted.now);
      scripted.settle();
      chunk.fill(0);
    }
    expect(scripted.packets).toEqual(['pieces!']);
  });

  it('puts many small pieces together', () => {
    const { scripted, line } = linked({ window: 1e7 });
    const sizes = [...Array.from({ length: 1000 }, () => 1), 5000, ...Array.from({ length: 700 }, () => 3)];
    const text = sizes.map((size, index) => String.fromCharCode(97 + (index % 26)).repeat(size));
    line.say(...text.map((piece) => data(piece, Frame.Piece)));
    line.say(data('!'));
    expect(scripted.packets).toEqual([`${text.join('')}!`]);
  });

  it('lets go of memory for pieces a second later, whatever the signs of life, and keeps what was begun', () => {
    const { scripted, line } = linked({ heartbeat: 60_000, timeout: 200_000 }, { heartbeat: 60_000 });
    const { normal, urgent } = scripted.mesh.session('a') as Session;
    const memory = (lane: Lane): number => {
      if (lane.assembly === null) return 0;
      const { bytes, spare } = lane.assembly as unknown as Record<'bytes' | 'spare', Uint8Array>;
      return bytes.length + spare.length;
    };
    const size = 30_000;
    const whole = [data('x'.repeat(size), Frame.Piece), data('!')];
    line.say(...whole);
    expect(memory(normal)).toBeGreaterThan(size);
    scripted.wait(900);
    line.say(...whole, data('begun', Frame.Piece));
    scripted.wait(900);
    expect(memory(normal)).toBeGreaterThan(size);
    scripted.wait(200);
    expect(memory(normal)).toBe(5);
    scripted.wait(5000);
    line.say(data('!'));
    expect(scripted.packets.at(-1)).toBe('begun!');
    scripted.wait(1100);
    line.say(data('alone', Frame.Piece));
    expect(memory(normal)).toBe(10);
    scripted.wait(1100);
    expect(memory(normal)).toBe(10);
    line.say(data('!'));
    scripted.wait(1100);
    expect([normal.assembly, urgent.assembly]).toEqual([null, null]);
  });

  it('keeps nothing of what a chunk came in, or was put together in', () => {
    const { scripted, line } = linked();
    const { deliver } = (scripted.mesh as unknown as { traffic: { deliver: Deliver } }).traffic;
    line.say(data('pie', Frame.Piece), data('ce'), data('small'));
    expect(scripted.packets).toEqual(['piece', 'small']);
    expect(deliver.buffer).toHaveLength(0);
    expect(deliver.session).not.toBe(scripted.mesh.session('a'));
  });

  it('refuses empty pieces', () => {
    const { scripted, line } = linked();
    line.say(data('', Frame.Piece));
    expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
  });

  it('takes an empty packet', () => {
    const { scripted, line } = linked();
    line.say(data(''));
    expect(scripted.packets).toEqual(['']);
  });
});
