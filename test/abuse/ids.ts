/** Ids: what may be claimed in each mode, by whom, and what may not. */
import { ok } from 'node:assert/strict';
import { isArbiter } from '../../src/protocol/arbiter.js';
import * as control from '../../src/protocol/control.js';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';
import { BORNE, type Case, type Outcome, protocolFault, TOLD } from './case.js';
import { Impostor } from './impostor.js';
import { HONEST, type Mode, VICTIM } from './mode.js';
import type { Scene } from './scene.js';
import { hello, type Wire } from './wire.js';

const NOT_COVERED: Outcome = { fault: ['ERR_UNAUTHORIZED', /does not cover it/], told: TOLD.unauthorized };

/** A HELLO from a member with the certificate of that name, where certificates count. */
async function claim(scene: Scene, certificate: string, said: Uint8Array): Promise<Wire> {
  const wire = scene.member(certificate);
  await wire.open;
  wire.say(said);
  return wire;
}

/** A HELLO whose id is these bytes, of any number. */
function helloWithId(bytes: Uint8Array): Uint8Array {
  const whole = control.encodeHello(hello({ id: 'x' }));
  // Frame F2, length, "ML", versions, features, nonce and incarnation come before the id: up to its length they are 17 bytes.
  const at = whole.indexOf(0x01, 17);
  const payload = Buffer.concat([
    whole.subarray(headerOf(whole), at),
    varint(bytes.length),
    bytes,
    whole.subarray(at + 2),
  ]);
  return encodeFrame(Frame.Hello, new Uint8Array(payload));
}

function headerOf(frame: Uint8Array): number {
  return (frame[1] as number) > 0x7f ? 3 : 2;
}

function varint(number: number): Uint8Array {
  return number < 0x80 ? Uint8Array.of(number) : Uint8Array.of((number & 0x7f) | 0x80, number >> 7);
}

function modes(open: Outcome, secret: Outcome, tls: Outcome): Readonly<Record<Mode, Outcome>> {
  return { plain: open, secret, tls };
}

export const ids: readonly Case[] = [
  {
    name: 'the id of an honest peer that is linked',
    items: ['an id that the credential does not cover'],
    outcome: modes(
      ...([
        { fault: ['ERR_ID_IN_USE', /in use by another node/], told: TOLD.idInUse, event: ['conflict', HONEST] },
        { fault: ['ERR_ID_IN_USE', /in use by another node/], told: TOLD.idInUse, event: ['conflict', HONEST] },
        NOT_COVERED,
      ] as const),
    ),
    attack: async (scene) => [await claim(scene, 'a', control.encodeHello(hello({ id: HONEST })))],
  },
  {
    name: 'the id of an honest peer, with a certificate that covers it',
    items: ['own id'],
    modes: ['tls'],
    outcome: { fault: ['ERR_ID_IN_USE', /in use by another node/], told: TOLD.idInUse, event: ['conflict', HONEST] },
    attack: async (scene) => [await claim(scene, 'b', control.encodeHello(hello({ id: HONEST })))],
  },
  {
    name: 'ids that the certificate does not cover',
    items: ['an id that the credential does not cover'],
    modes: ['tls'],
    outcome: NOT_COVERED,
    attack: (scene) =>
      Promise.all(
        ['A', 'a ', 'a\0', 'm', '*.example.com', '.example.com', 'authority', '__proto__', 'x.a', 'CN=a'].map((id) =>
          claim(scene, 'a', control.encodeHello(hello({ id }))),
        ),
      ),
  },
  {
    name: 'names below a wildcard in the certificate, and the wildcard',
    items: ['an id that the credential does not cover'],
    modes: ['tls'],
    outcome: NOT_COVERED,
    attack: (scene) =>
      Promise.all(
        ['x.example.com', 'HOST.example.com', 'example.com', '.example.com', '*.example.com', '*'].map((id) =>
          claim(scene, 'm', control.encodeHello(hello({ id }))),
        ),
      ),
  },
  {
    name: 'the id of the attacked node',
    items: ['own id'],
    outcome: { fault: ['ERR_ID_IN_USE', /another node with the id/], told: TOLD.idInUse, event: ['conflict', VICTIM] },
    attack: async (scene) => [await claim(scene, 'b', control.encodeHello(hello({ id: VICTIM })))],
  },
  {
    name: 'its id and its incarnation: a mirror',
    items: ['own id'],
    outcome: { fault: ['ERR_SELF', /this very node/], told: TOLD.self },
    async attack(scene) {
      const first = scene.member();
      const { incarnation } = await first.greet();
      first.close();
      return [await claim(scene, 'b', control.encodeHello(hello({ id: VICTIM, incarnation })))];
    },
  },
  {
    name: 'an id of no bytes',
    items: ['an empty id'],
    outcome: protocolFault(/a text of 0 bytes/),
    attack: async (scene) => [await claim(scene, 'a', helloWithId(new Uint8Array(0)))],
  },
  {
    name: 'an id of 255 bytes',
    items: ['a 255-byte id'],
    outcome: modes(BORNE, BORNE, NOT_COVERED),
    async attack(scene) {
      const id = 'a'.repeat(255);
      if (scene.mode === 'tls') return [await claim(scene, 'a', control.encodeHello(hello({ id })))];
      await scene.follower({ id });
      return [];
    },
  },
  {
    name: 'an id of 256 bytes',
    items: ['a 256-byte id'],
    outcome: protocolFault(/a text of 256 bytes/),
    attack: async (scene) => [await claim(scene, 'a', helloWithId(new Uint8Array(256).fill(0x61)))],
  },
  {
    name: 'ids that are not UTF-8',
    items: ['a non-UTF-8 id', 'bad UTF-8'],
    outcome: protocolFault(/not UTF-8/),
    attack: (scene) =>
      Promise.all(
        ['ff', 'c080', 'eda080', '61e282', 'f4908080', '6180'].map((digits) =>
          claim(scene, 'a', helloWithId(new Uint8Array(Buffer.from(digits, 'hex')))),
        ),
      ),
  },
  {
    name: 'ids that mean something to programs',
    items: ['__proto__ keys', 'constructor keys', 'CVE-2021-21368'],
    modes: ['plain', 'secret'],
    outcome: BORNE,
    async attack(scene) {
      for (const id of ['__proto__', 'constructor', 'a\0b', '\u202eb', '../a', "a'; --", '\u{1f600}'.repeat(60)]) {
        const wire = scene.member();
        if (isArbiter(id, VICTIM)) await wire.lead({ id });
        else await wire.follow({ id });
        wire.close();
      }
      return [];
    },
  },
  {
    name: 'another node than was dialled answers',
    items: ['an id that the credential does not cover'],
    modes: ['plain', 'secret'],
    outcome: { fault: ['ERR_WRONG_ID', /was expected there/] },
    async attack(scene) {
      const impostor = await Impostor.open(scene.mode, hello({ id: 'x' }));
      const { code } = await scene.victim.dial(impostor.uri, 'y');
      impostor.close();
      ok(code === 'ERR_WRONG_ID', `the dial came to ${code}`);
      return [];
    },
  },
  {
    name: 'who is dialled shows a certificate that does not cover its id',
    items: ['an id that the credential does not cover'],
    modes: ['tls'],
    outcome: { fault: ['ERR_UNAUTHORIZED', /does not cover it/] },
    async attack(scene) {
      const impostor = await Impostor.open(scene.mode, hello({ id: 'y' }));
      const { code } = await scene.victim.dial(impostor.uri, 'y');
      impostor.close();
      ok(code === 'ERR_UNAUTHORIZED', `the dial came to ${code}`);
      return [];
    },
  },
  {
    name: 'the attacked node is made to dial itself',
    items: ['own id'],
    outcome: { fault: ['ERR_SELF', /this very node/] },
    async attack(scene) {
      const { code } = await scene.victim.dial(scene.uri);
      ok(code === 'ERR_SELF', `the dial came to ${code}`);
      return [];
    },
  },
];
