/** What every transport must do; each runs this suite. */
import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import type { Transport } from '../../src/transports/transport.js';
import { type Bench, nextTurn, onBench, type Place } from './bench.js';

/** What the suite must know of a transport. */
export interface Subject {
  readonly transport: Transport;
  /** A URI to listen at, of this machine, which no other test uses. */
  free(): string;
}

const MB = 1_000_000;
/** Over this many bytes under way no transport asks for more. */
const HIGH_WATER = 64 * 1024;

/** Declares the suite for one transport. */
export function compliance({ transport, free }: Subject): void {
  const check = (name: string, test: (bench: Bench, place: Place) => Promise<void>): void => {
    it(name, () => onBench(transport, async (bench) => test(bench, await bench.listen(free()))));
  };

  describe('addresses', () => {
    check('a listener tells an address that is canonical and local', async (_bench, { uri }) => {
      expect(transport.canonical(uri)).toBe(uri);
      expect(transport.isLocal(uri)).toBe(true);
      expect(uri.startsWith(`${transport.scheme}://`)).toBe(true);
    });

    check('the scheme may be in upper case', async (_bench, { uri }) => {
      expect(transport.canonical(uri.replace(/^[a-z]+/, (scheme) => scheme.toUpperCase()))).toBe(uri);
    });

    it.each([null, undefined, 5, {}, '', 'x', 'x://y', 'tcp:', ' tcp://127.0.0.1:1'])('%j is refused', (wrong) => {
      // Users of plain JavaScript, and peers, give anything.
      const uri = wrong as string;
      const never = (): never => expect.unreachable();
      const events = { open: never, data: never, drain: never, close: never };
      for (const use of [
        () => transport.canonical(uri),
        () => transport.isLocal(uri),
        () => transport.dial(uri, events),
        () => transport.listen(uri, { listening: never, error: never, accept: never }),
      ]) {
        expect(use).toThrow(expect.objectContaining({ code: 'ERR_URI' }));
        expect(use).toThrow(`${transport.scheme}://`);
      }
    });

    it("null is told apart, since it is what info() gives before 'listening'", () => {
      expect(() => transport.canonical(null as unknown as string)).toThrow("before 'listening'");
    });
  });

  describe('opening', () => {
    check('connects, and names the other end on both sides', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      expect(near.connection.remote).toBe(place.uri);
      expect(far.connection.remote.startsWith(`${transport.scheme}://`)).toBe(true);
      expect(near.told).toEqual(['open']);
      expect(far.told).toEqual([]);
      expect(near.connection.buffered).toBe(0);
    });

    check('a dial to an address where nobody listens is refused', async (bench, place) => {
      await place.close();
      const witness = bench.dial(place.uri);
      const error = await witness.closed;
      expect(error).toBeInstanceOf(MasterlessError);
      expect(error).toMatchObject({ code: 'ERR_REFUSED', side: 'remote' });
      expect(error?.message).toContain(place.uri);
      expect(error?.message).toContain('nobody');
      expect(witness.told).toEqual(['close']);
    });

    check('destroyed in the turn in which it was dialled, it never opens', async (bench, place) => {
      const witness = bench.dial(place.uri);
      witness.destroy();
      witness.destroy();
      expect(await witness.closed).toBeNull();
      expect(witness.told).toEqual(['close']);
    });

    check('destroyed within open', async (bench, place) => {
      const witness = bench.dial(place.uri);
      witness.onOpen = () => witness.destroy();
      expect(await witness.closed).toBeNull();
      expect(witness.told).toEqual(['open', 'close']);
      await (await place.next()).closed;
    });

    check('destroyed while it is being accepted', async (bench, place) => {
      bench.onAccept = (witness) => witness.destroy();
      const near = bench.dial(place.uri);
      const far = await place.next();
      expect(await far.closed).toBeNull();
      await near.closed;
    });

    check('what is written and ended before it is open arrives', async (bench, place) => {
      const near = bench.dial(place.uri);
      near.write(10, 0, 20_000);
      near.end();
      const far = await place.next();
      expect(await far.closed).toBeNull();
      expect(far.received).toBe(20_010);
      expect(await near.closed).toBeNull();
      expect(near.told).toEqual(['open', 'close']);
    });

    check('what is written while it is accepted arrives', async (bench, place) => {
      bench.onAccept = (far) => {
        far.write(1000);
        far.end();
      };
      const near = bench.dial(place.uri);
      expect(await near.closed).toBeNull();
      expect(near.received).toBe(1000);
      expect(near.told).toEqual(['open', 'data', 'close']);
    });
  });

  describe('bytes', () => {
    check('20 MB each way at once, in order, with what is under way bounded', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      const largest = 50_000;
      await Promise.all([near, far].map((end) => end.send(20 * MB, largest)));
      await Promise.all([near.has(20 * MB), far.has(20 * MB)]);
      // A batch begins only below the mark, and is of at most four chunks.
      for (const end of [near, far]) expect(end.highest).toBeLessThan(HIGH_WATER + 4 * largest);
      near.end();
      expect(await Promise.all([near.closed, far.closed])).toEqual([null, null]);
      expect([near.received, far.received]).toEqual([20 * MB, 20 * MB]);
    });

    check('small chunks', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      await near.send(100_000, 30);
      await far.has(100_000);
      far.write(1);
      await near.has(1);
    });

    check(
      'one write of 10 MB asks to wait, tells when it is out, and then the memory is free again',
      async (bench, place) => {
        const { near, far } = await bench.pair(place);
        const memory = Buffer.alloc(10 * MB);
        // The same memory twice: the second time it holds other bytes.
        for (const round of [1, 2]) {
          memory.set(near.cut(10 * MB));
          expect(near.writeThese([memory])).toBe(false);
          await near.drained();
          expect(near.connection.buffered).toBe(0);
          memory.fill(round);
        }
        await far.has(20 * MB);
      },
    );

    check('a drain that is owed comes, whatever is written meanwhile', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      const drained = near.drained();
      let last = 0;
      // A little, each time that a part has arrived.
      far.onData = () => {
        if (near.connection.buffered === 0 || far.received - last < HIGH_WATER / 4) return;
        last = far.received;
        near.write(1);
      };
      expect(near.write(10 * MB)).toBe(false);
      await drained;
      await far.has(near.sent);
    });

    check('nothing and empty chunks are no bytes', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      expect(near.writeThese([])).toBe(true);
      expect(near.write(0)).toBe(true);
      expect(near.write(0, 0)).toBe(true);
      expect(near.connection.buffered).toBe(0);
      near.end();
      expect(await far.closed).toBeNull();
      expect(far.told).toEqual(['close']);
    });

    check('chunks are any view of bytes', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      const whole = near.cut(300);
      const copy = new Uint8Array(500);
      copy.set(whole.subarray(100), 7);
      near.writeThese([whole.subarray(0, 100), copy.subarray(7, 207)]);
      await far.has(300);
    });

    check('writing within data: 500 round trips', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      far.onData = () => far.write(far.received - far.sent);
      near.onData = () => {
        if (near.received < near.sent) return;
        if (near.sent === 5000) near.end();
        else near.write(10);
      };
      near.write(10);
      expect(await near.closed).toBeNull();
      expect(near.received).toBe(5000);
    });

    check('200 connections at once', async (bench, place) => {
      bench.onAccept = (far) => {
        far.echo = true;
      };
      const ends = Array.from({ length: 200 }, () => bench.dial(place.uri));
      await Promise.all(
        ends.map(async (near, index) => {
          // Bytes that reached a wrong connection would not be the expected ones there.
          near.expectEcho(index * 4801);
          await near.send(100_000, 5000);
          await near.has(100_000);
          near.end();
          expect(await near.closed).toBeNull();
        }),
      );
      expect(place.accepted).toHaveLength(200);
    });
  });

  describe('ending', () => {
    check('an orderly end delivers all that was written on both sides', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      far.write(3 * MB);
      near.write(5 * MB);
      near.end();
      near.end();
      expect(await Promise.all([near.closed, far.closed])).toEqual([null, null]);
      expect([near.received, far.received]).toEqual([3 * MB, 5 * MB]);
    });

    check('both end at once', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      near.write(2 * MB);
      far.write(2 * MB);
      near.end();
      far.end();
      expect(await Promise.all([near.closed, far.closed])).toEqual([null, null]);
      expect([near.received, far.received]).toEqual([2 * MB, 2 * MB]);
    });

    check('the accepting side may end', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      far.write(2 * MB);
      far.end();
      expect(await Promise.all([near.closed, far.closed])).toEqual([null, null]);
      expect(near.received).toBe(2 * MB);
    });

    check('an end without a byte', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      far.end();
      expect(await Promise.all([near.closed, far.closed])).toEqual([null, null]);
    });

    check('ended within data', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      far.onData = () => far.end();
      near.write(100);
      expect(await Promise.all([near.closed, far.closed])).toEqual([null, null]);
    });

    check('writing after end does nothing', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      near.write(1000);
      near.end();
      expect(near.writeThese([Buffer.alloc(10)])).toBe(true);
      expect(near.writeThese([Buffer.alloc(10), Buffer.alloc(10)])).toBe(true);
      expect(await far.closed).toBeNull();
      expect(far.received).toBe(1000);
      await near.closed;
      near.writeThese([Buffer.alloc(10)]);
      near.end();
      near.destroy();
    });

    check('end and then destroy', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      near.write(10 * MB);
      near.end();
      near.destroy();
      expect(await near.closed).toBeNull();
      await far.closed;
      expect(far.received).toBeLessThanOrEqual(10 * MB);
    });
  });

  describe('breaking', () => {
    check('destroyed half-way through a large write, the other end has a beginning of it', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      near.write(20 * MB);
      await far.has(1);
      near.destroy();
      near.destroy();
      expect(await near.closed).toBeNull();
      const error = await far.closed;
      if (error !== null) expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST' });
      expect(far.received).toBeLessThan(20 * MB);
    });

    check('destroyed by the reader within data, the writer hears of it', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      far.onData = () => far.destroy();
      near.write(20 * MB);
      expect(await far.closed).toBeNull();
      expect(await near.closed).toMatchObject({ code: 'ERR_CONNECTION_LOST', side: 'remote' });
      expect(far.told).toEqual(['data', 'close']);
    });

    check('destroyed while idle, the other end hears of it', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      near.destroy();
      expect(await near.closed).toBeNull();
      await far.closed;
    });

    check('destroyed by both at once', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      near.write(MB);
      far.write(MB);
      near.destroy();
      far.destroy();
      expect(await Promise.all([near.closed, far.closed])).toEqual([null, null]);
    });

    check('writing and ending after destroy do nothing', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      near.destroy();
      expect(near.writeThese([Buffer.alloc(10)])).toBe(true);
      near.end();
      await far.closed;
      expect(far.received).toBe(0);
    });
  });

  describe('listening', () => {
    check('a second listener at the same address is refused, the first goes on', async (bench, place) => {
      await expect(bench.listen(place.uri)).rejects.toSatisfy((error: MasterlessError) => {
        expect(error).toBeInstanceOf(MasterlessError);
        expect(error).toMatchObject({ code: 'ERR_LISTEN', side: 'local' });
        expect(error.message).toContain(place.uri);
        expect(error.message).toContain('choose another');
        return true;
      });
      // The other may have knocked to find out whether anyone listens, so the next that was accepted need not be ours.
      bench.onAccept = (far) => {
        far.echo = true;
      };
      const near = bench.dial(place.uri);
      near.expectEcho(0);
      near.write(10);
      await near.has(10);
    });

    check('closing waits for no connection, leaves them alone, and frees the address', async (bench, place) => {
      const { near, far } = await bench.pair(place);
      await place.close();
      const again = await bench.listen(place.uri);
      expect(again.uri).toBe(place.uri);
      near.write(100);
      await far.has(100);
      far.write(100);
      await near.has(100);
      await bench.pair(again);
      expect(place.accepted).toHaveLength(1);
    });

    check('closing twice calls back twice', async (_bench, place) => {
      await Promise.all([place.close(), place.close()]);
      await place.close();
    });

    it('closed before it listens, it tells nothing, and the address is free', () =>
      onBench(transport, async (bench) => {
        const place = await bench.listen(free());
        const { uri } = place;
        await place.close();
        const told: string[] = [];
        const listener = bench.calling(() =>
          transport.listen(uri, {
            listening: () => told.push('listening'),
            error: () => told.push('error'),
            accept: () => expect.unreachable(),
          }),
        );
        await new Promise<void>((resolve) => {
          bench.calling(() => listener.close(resolve));
        });
        await nextTurn();
        expect(told).toEqual([]);
        await bench.listen(uri);
      }));

    check('an old listener, closed again, takes nothing from a new one', async (bench, place) => {
      await place.close();
      const again = await bench.listen(place.uri);
      await place.close();
      await bench.pair(again);
    });
  });
}
