import { describe, expect, it } from 'vitest';
import { system } from '../../src/platform.js';
import { Listeners } from '../../src/runtime/listeners.js';
import type { Listener, ListenerEvents, Transport } from '../../src/transports/transport.js';

/** Listeners of a transport that does what it is told. */
function listeners(listen: (events: ListenerEvents) => Listener) {
  const timeouts: (() => void)[] = [];
  const cleared: unknown[] = [];
  const platform = {
    ...system,
    setTimeout: (run: () => void) => timeouts.push(run),
    clearTimeout: (timeout: unknown) => cleared.push(timeout),
  };
  const transport = {
    scheme: 'own',
    canonical: (uri: string) => {
      if (uri.startsWith('own://')) return uri.toLowerCase();
      throw new Error('not of its own');
    },
    isLocal: () => true,
    listen: (_: string, events: ListenerEvents) => listen(events),
  };
  const all = new Listeners({ transport: () => transport as unknown as Transport }, () => fail(), platform);
  return { all, timeouts, cleared, transport };
}

function fail(): never {
  throw new Error('nothing comes in');
}

describe('listeners', () => {
  it('tell where they can be dialled, and are closed when all addresses are free', async () => {
    const closed: (() => void)[] = [];
    const { all, cleared } = listeners((events) => {
      events.listening(`own://${closed.length}`);
      return { close: (callback) => closed.push(callback) };
    });
    expect(await all.listen(['own://x', 'own://y'])).toEqual(['own://0', 'own://0']);
    let free = false;
    const done = all.close().then(() => {
      free = true;
    });
    closed[0]?.();
    await Promise.resolve();
    expect(free).toBe(false);
    closed[1]?.();
    await done;
    expect(cleared.length).toBe(2);
  });

  it('that can not listen, or throw, reject', async () => {
    const refusing = listeners((events) => {
      events.error(new Error('taken'));
      return { close: (callback) => callback() };
    });
    await expect(refusing.all.listen(['own://x'])).rejects.toThrow('taken');
    await expect(listeners(fail).all.listen(['own://x'])).rejects.toThrow('nothing comes in');
  });

  it('tell an address in its one spelling', async () => {
    const { all } = listeners((events) => {
      events.listening('own://X');
      return { close: (callback) => callback() };
    });
    expect(await all.listen(['own://x'])).toEqual(['own://x']);
  });

  it.each([undefined, null, 5, {}, '', 'tcp://x'])(
    'that tell %j reject: every handshake would tell it',
    async (told) => {
      const { all } = listeners((events) => {
        events.listening(told as string);
        return { close: (callback) => callback() };
      });
      const refused = {
        code: 'ERR_LISTEN',
        message: expect.stringContaining("can't listen at own://x: its transport"),
      };
      await expect(all.listen(['own://x'])).rejects.toMatchObject(refused);
    },
  );

  it.each([undefined, 5])('whose transport spells it %j reject', async (spelled) => {
    const { all, transport } = listeners((events) => {
      events.listening('own://x');
      return { close: (callback) => callback() };
    });
    Object.assign(transport, { canonical: () => spelled });
    await expect(all.listen(['own://x'])).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  });

  it('that throw when they are closed are closed', async () => {
    const { all } = listeners((events) => {
      events.listening('own://x');
      return { close: fail };
    });
    await all.listen(['own://x']);
    await all.close();
  });

  it('that never say that they are closed are waited for only so long', async () => {
    const { all, timeouts } = listeners((events) => {
      events.listening('own://x');
      return { close: () => undefined };
    });
    await all.listen(['own://x']);
    const closed = all.close();
    for (const timeout of timeouts) timeout();
    await closed;
  });
});
