/** What applications pass by mistake, where types do not see it: told at once, and without harm to anything else. */
import { describe, expect, it } from 'vitest';
import { type Codec, MasterlessError, msgpack, type Server } from '../../src/index.js';
import { heard, packets, within } from '../support/events.js';
import { linked } from '../support/nodes.js';

/** A node whose methods take anything. */
type Lax = Record<'send' | 'deliver' | 'flush' | 'messages' | 'ping' | 'connect' | 'keep' | 'writable', Method>;
type Method = (...args: readonly unknown[]) => unknown;

function lax(node: Server): Lax {
  return node as unknown as Lax;
}

const { signal } = new AbortController();
const OPTIONS: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['a number', 5],
  ['a text', 'urgent'],
  ['a signal', signal],
  ['a list', []],
  ['an option that there is not', { urgnet: true }],
];

describe('options', () => {
  it.each(OPTIONS)('that are %s are refused by every call, and nothing is sent', async (_, options) => {
    const { a, b } = await linked();
    const got = packets(b);
    const { send, deliver, flush, messages, ping, connect } = lax(a);
    const calls: readonly (() => unknown)[] = [
      () => send.call(a, 'b', 1, options),
      () => send.call(a, ['b'], 1, options),
      () => deliver.call(a, 'b', 1, options),
      () => flush.call(a, 'b', options),
      () => messages.call(a, options),
      () => ping.call(a, 'b', options),
      () => connect.call(a, b.info(), options),
    ];
    for (const call of calls) {
      expect(call).toThrow(MasterlessError);
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT', side: 'local' }));
    }
    await a.deliver('b', 'good');
    expect(got).toEqual(['good']);
  });

  it('of the wrong type are refused', async () => {
    const { a } = await linked();
    const node = lax(a);
    for (const urgent of ['yes', 1, null]) {
      expect(() => node.send('b', 1, { urgent })).toThrow(/urgent must be a boolean/);
      expect(() => node.deliver('b', 1, { urgent })).toThrow(/urgent must be a boolean/);
    }
    for (const no of [{}, Object.create(AbortSignal.prototype)]) {
      expect(() => node.ping('b', { signal: no })).toThrow(/AbortSignal/);
      expect(() => node.messages({ signal: no })).toThrow(/AbortSignal/);
    }
    expect(() => node.keep('b', Object.create(null))).toThrow(/must be a boolean/);
    expect(() => msgpack(null as unknown as object)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    expect(() => msgpack(5 as unknown as object)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    expect(() => msgpack([] as object)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    for (const bytes of [null, [1], new Uint16Array(1)]) {
      expect(() => msgpack().decode(bytes as unknown as Uint8Array)).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT' }),
      );
    }
  });

  it('that are known may be undefined', async () => {
    const { a, b } = await linked();
    packets(b);
    const node = lax(a);
    expect(node.send('b', 1, undefined)).toBe(true);
    expect(node.send('b', 1, { urgent: undefined })).toBe(true);
    await node.flush('b', { signal: undefined });
  });
});

describe('a size that is no number of bytes', () => {
  it.each([Number.NaN, -1, '10', '', 5n, null, Symbol('size'), Object.create(null)])(
    'is refused, and whoever waits for room hears of it as before (%#)',
    async (size) => {
      const { a, b } = await linked({ a: { window: 8 * 1024 } });
      expect(() => lax(a).writable('b', size)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
      const packet = 'x'.repeat(1000);
      const got = packets(b);
      let sent = 0;
      while (a.send('b', packet)) sent++;
      await within(heard(a, 'drain'), 'drain');
      await a.flush();
      expect(got).toHaveLength(sent);
    },
  );
});

describe('what a codec makes of a packet', () => {
  it.each<[string, unknown]>([
    ['a text', JSON.stringify('x')],
    ['numbers of two bytes', Uint16Array.of(1, 300)],
    ['a buffer without a view', new ArrayBuffer(3)],
    ['a promise', Promise.resolve(Uint8Array.of(1))],
    ['a number', 5],
    ['nothing', undefined],
    [
      'bytes that lie of their length',
      new (class extends Uint8Array {
        override get length(): number {
          return 2;
        }
      })(9),
    ],
  ])('is refused when it is %s, whichever way it is sent', async (_, made) => {
    const whole = msgpack();
    const bad = (packet: unknown): packet is 'bad' => packet === 'bad';
    const plain: Codec = {
      name: 'own',
      encode: (packet) => (bad(packet) ? (made as Uint8Array) : whole.encode(packet)),
      decode: whole.decode,
    };
    const inPlace: Codec = {
      ...plain,
      encodeInto: (packet, target, at) =>
        bad(packet) ? (made as number) : (whole.encodeInto?.(packet, target, at) as number),
    };
    const inParts: Codec = {
      ...plain,
      encodeParts: (packet) => (bad(packet) ? [new Uint8Array(1), made as Uint8Array] : whole.encode(packet)),
    };
    for (const codec of [plain, inPlace, inParts]) {
      const { a, b } = await linked({ a: { codec }, b: { codec } });
      const got = packets(b);
      a.send('b', 'first');
      for (const call of [
        // A number may be how many bytes were written in place.
        ...(codec === inPlace && made === 5 ? [] : [() => a.send('b', 'bad')]),
        () => a.send(['b'], 'bad'),
        () => a.deliver('b', 'bad'),
      ]) {
        expect(call).toThrow(expect.objectContaining({ code: 'ERR_PACKET', message: expect.stringContaining('own') }));
      }
      a.send('b', 'last');
      await a.flush();
      expect(got).toEqual(['first', 'last']);
    }
  });

  it('and throws what can not be shown is a bad packet all the same', async () => {
    const codec: Codec = {
      ...msgpack(),
      name: 'own',
      decode: () => {
        throw Object.create(null);
      },
    };
    const { a, b } = await linked({ a: { codec }, b: { codec } });
    const faulty = heard(b, 'fault');
    const gone = heard(b, 'disconnect');
    a.send('b', 1);
    expect(await within(gone, 'disconnect')).toEqual(['a', 'bad-packet']);
    expect((await within(faulty, 'fault'))[1]).toMatchObject({ code: 'ERR_BAD_PACKET' });
  });
});
