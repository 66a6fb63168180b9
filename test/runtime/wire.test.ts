import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { Connection } from '../../src/protocol/connection.js';
import type { Mesh } from '../../src/protocol/mesh.js';
import { MOST_SKIPPED, Wire } from '../../src/runtime/wire.js';
import type { Connection as Stream } from '../../src/transports/transport.js';

/** A wire, and what it asked of the runtime and the core, in order. */
function wired(uri: string | null = 'tcp://there:1') {
  const asked: unknown[][] = [];
  const note =
    (name: string) =>
    (...values: unknown[]): void =>
      void asked.push([name, ...values]);
  const mesh = {
    opened: note('opened'),
    refuse: note('refuse'),
    received: note('received'),
    drained: note('drained'),
    ended: note('ended'),
  } as unknown as Mesh;
  const inner = new Connection(1, uri, 'tcp://remote', 0, 5000);
  const owner = {
    mesh,
    now: () => 7,
    pump: note('pump'),
    scheduleFlush: note('flush'),
    forget: note('forget'),
    cut: note('cut'),
    fail: note('fail'),
  };
  const wire = new Wire(owner, inner, null, 'own', false);
  return { wire, inner, asked };
}

function stream(buffered: number, write: Stream['write']): Stream {
  const nothing = (): void => undefined;
  return { remote: 'x', buffered, write, end: nothing, destroy: nothing };
}

describe('a wire', () => {
  it('tells the core what its stream tells, and lets it act on that', () => {
    const { wire, inner, asked } = wired();
    const chunk = Uint8Array.of(1);
    const refusal = new MasterlessError('ERR_UNAUTHORIZED', 'no');
    wire.open();
    wire.data(chunk);
    wire.refused(refusal);
    expect(asked).toEqual([
      ['opened', inner],
      ['pump'],
      ['received', inner, chunk, 7],
      // There somebody may wait for an answer.
      ['pump', wire],
      ['refuse', inner, refusal, 7],
      ['pump'],
    ]);
  });

  it('takes more when the stream does, and asks for what waits', () => {
    const { wire, inner, asked } = wired();
    wire.blocked = true;
    wire.drain();
    expect(wire.blocked).toBe(false);
    expect(asked).toEqual([['drained', inner], ['flush']]);
  });

  it.each([
    ['takes more', stream(5, () => true), [true, false]],
    ['has passed all of it on, and says no by rule', stream(0, () => false), [true, true]],
    ['has not passed all of it on', stream(1, () => false), [false, true]],
  ])('goes on writing and waits for room as the stream does: it %s', (_, outer, [more, blocked]) => {
    const { wire, asked } = wired();
    expect(wire.write([Uint8Array.of(1)])).toBe(false);
    wire.outer = outer;
    expect(wire.write([Uint8Array.of(1)])).toBe(more);
    expect(wire.blocked).toBe(blocked);
    expect(asked).toEqual([]);
  });

  it('is read to its end once it is over, but not without end', () => {
    const { wire, inner, asked } = wired();
    inner.phase = 'closed';
    const half = new Uint8Array(MOST_SKIPPED / 2);
    wire.data(half);
    wire.data(half);
    expect(asked).toEqual([]);
    wire.data(Uint8Array.of(1));
    expect(asked).toEqual([['cut', wire]]);
  });

  it('writes nothing more once its stream threw, and reports it', () => {
    const { wire, asked } = wired();
    const error = new Error('not so');
    wire.outer = stream(0, () => {
      throw error;
    });
    expect(wire.write([Uint8Array.of(1)])).toBe(false);
    expect(wire.blocked).toBe(true);
    expect(asked).toEqual([['fail', wire, error]]);
  });

  it('knows the other end as its stream does, and whether it is near by the address where that says nothing', () => {
    const { wire } = wired();
    expect(wire.otherEnd).toBeNull();
    expect(wire.holds(() => true)).toBe(true);
    wire.outer = stream(0, () => true);
    wire.local = true;
    expect(wire.otherEnd).toEqual({ scheme: 'own', remote: 'x', proof: null, local: true });
    expect(wire.holds(() => true)).toBe(true);
    const proof = { certificate: null, holds: () => false };
    wire.outer = { ...stream(0, () => true), proof, local: false };
    expect(wire.otherEnd).toEqual({ scheme: 'own', remote: 'x', proof, local: false });
    expect(wire.holds(() => true)).toBe(false);
  });

  it.each(['remote', 'proof', 'local'])('knows nobody whose stream throws for its %s, and reports it', (name) => {
    const { wire, asked } = wired();
    const error = new Error('not so');
    const get = (): never => {
      throw error;
    };
    wire.outer = Object.defineProperty(
      stream(0, () => true),
      name,
      { get },
    );
    expect(wire.otherEnd).toBeNull();
    expect(asked).toEqual([['fail', wire, error]]);
    expect(wire.holds(() => true)).toBe(name !== 'proof');
  });

  it('drops what still comes on a connection that is closed', () => {
    const { wire, inner, asked } = wired();
    inner.phase = 'closed';
    wire.data(Uint8Array.of(1));
    expect(asked).toEqual([]);
  });

  it('is forgotten before the core hears of its end', () => {
    const { wire, inner, asked } = wired();
    wire.close(null);
    expect(asked).toEqual([['forget', wire], ['ended', inner, null, 7], ['pump']]);
  });

  it.each([
    ['tcp://there:1', "tcp://there:1 can't be reached: no route"],
    [null, "tcp://remote can't be reached: no route"],
  ])('whose transport has an error of its own (dialled: %s) has one of ours', (uri, message) => {
    const { wire, asked } = wired(uri);
    const cause = new Error('no route');
    wire.close(cause);
    expect(asked[1]?.[2]).toMatchObject({ code: 'ERR_UNREACHABLE', message, cause });
  });

  it('passes an error of ours on as it is', () => {
    const { wire, asked } = wired();
    const error = new MasterlessError('ERR_REFUSED', 'nobody listens');
    wire.close(error);
    expect(asked[1]?.[2]).toBe(error);
  });
});
