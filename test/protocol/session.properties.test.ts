/** Laws of sessions: two real cores, and between them a network that loses what it likes. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LITTLE_DELAY } from '../../src/protocol/acknowledgement.js';
import { encodeAckRequest, encodeExtension, encodeKeep } from '../../src/protocol/control.js';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';
import { hexOf } from '../golden/conversation.js';
import { Recorder } from '../golden/recorder.js';
import { lead, Scripted } from './scripted.js';
import { bytesOf } from './vectors.js';

type Deed =
  | { readonly do: 'send'; readonly from: 'm' | 'a'; readonly size: number; readonly urgent: boolean }
  | { readonly do: 'receive'; readonly count: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'cut' | 'freeze' | 'dial' };

const from = fc.constantFrom<'m' | 'a'>('m', 'a');
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('send' as const), from, size: fc.nat(400), urgent: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant('send' as const), from, urgent: fc.constant(false) },
      size: fc.integer({ min: 131_070, max: 300_000 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('receive' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('freeze' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dial' as const) }) },
);
const PATIENT = {
  ...{ window: 8 * 2 ** 20, totalWindow: 8 * 2 ** 20, resumeWindow: 600_000 },
  reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 10, maxDelay: 50 },
};

it('each packet is delivered once and in the order of its lane, whatever links come and go', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60, size: 'max' }), (deeds) => {
      const on = new Recorder();
      on.node('m', PATIENT);
      on.node('a', PATIENT);
      on.connect('m', 'a');
      on.connect('a', 'm');
      on.pass(100);
      const sent: Record<string, string[]> = { 'm normal': [], 'm urgent': [], 'a normal': [], 'a urgent': [] };
      deeds.forEach((each, number) => {
        if (each.do === 'send') {
          const packet = `${number.toString(16).padStart(4, '0')} 5a*${each.size}`;
          on.send(each.from, each.from === 'm' ? 'a' : 'm', packet, each.urgent);
          sent[`${each.from} ${each.urgent ? 'urgent' : 'normal'}`]?.push(hexOf(bytesOf(packet)));
        } else if (each.do === 'receive') on.receive(each.count);
        else if (each.do === 'pass') on.pass(each.ms);
        else if (each.do === 'dial') on.connect('a', 'm');
        else for (const line of on.whole) on[each.do](line);
      });
      on.pass(60_000);
      const told = on
        .conversation('')
        .steps.flatMap((step) => ('tells' in step ? [{ node: step.node, text: step.tells }] : []));
      const had = (node: string, peer: string, urgent: boolean) =>
        told.flatMap(({ node: by, text }) => {
          const [, hex, lane] = new RegExp(`^deliver ${peer}: ([^,]*)(, urgent)?$`).exec(text) ?? [];
          return by === node && hex !== undefined && (lane !== undefined) === urgent ? [hex] : [];
        });
      expect({
        'm normal': had('a', 'm', false),
        'm urgent': had('a', 'm', true),
        'a normal': had('m', 'a', false),
        'a urgent': had('m', 'a', true),
      }).toEqual(sent);
      expect(told.filter(({ text }) => /^(undelivered|disconnect|ended)/.test(text))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

const large = [
  encodeFrame(Frame.Piece, new Uint8Array(700).fill(1)),
  encodeFrame(Frame.Heartbeat, new Uint8Array()),
  encodeFrame(Frame.Urgent, Uint8Array.of(2)),
  encodeFrame(Frame.Data, new Uint8Array(50).fill(3)),
];
const said = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((payload) => [encodeFrame(Frame.Data, payload)]),
  fc.uint8Array({ maxLength: 300 }).map((payload) => [encodeFrame(Frame.Urgent, payload)]),
  fc.constant(large),
  fc
    .constantFrom(encodeAckRequest(), encodeKeep(true), encodeExtension(99), Uint8Array.of(Frame.Heartbeat))
    .map((one) => [one]),
);

it('what is delivered, and what is acknowledged in the end, is the same however a link portions its bytes', () => {
  fc.assert(
    fc.property(
      fc.array(said, { maxLength: 15 }),
      fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 }),
      (frames, sizes) => {
        const bytes = new Uint8Array(Buffer.concat(frames.flat()));
        const outcome = (portions: readonly number[]) => {
          const scripted = new Scripted();
          const { line } = lead(scripted);
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = portions[turn % portions.length] as number;
            line.say(bytes.slice(at, at + size));
            at += size;
          }
          scripted.wait(LITTLE_DELAY);
          const acks = line.said().filter(({ kind }) => kind === 'Ack');
          return { packets: scripted.packets, told: scripted.heard(), acknowledged: acks.at(-1) };
        };
        expect(outcome(sizes)).toEqual(outcome([Math.max(1, bytes.length)]));
      },
    ),
  );
});
