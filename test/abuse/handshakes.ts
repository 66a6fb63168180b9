/** Handshakes that never end, too many of them, and those that break off: each has its deadline, all together a limit. */
import { ok } from 'node:assert/strict';
import type { ServerOptions } from '../../src/index.js';
import * as control from '../../src/protocol/control.js';
import { Frame } from '../../src/protocol/frame.js';
import { within } from '../support/events.js';
import { BORNE, type Case, LATE, protocolFault, TOLD } from './case.js';
import { joined } from './frame.js';
import { ARBITER, HONEST } from './mode.js';
import type { Scene } from './scene.js';
import { hello, type Wire } from './wire.js';

const IMPATIENT = { handshakeTimeout: 800 };
const SECURED = ['secret', 'tls'] as const;
/** Crowds, and how many of them there is room for. */
const CROWD = 60;
const ROOM = 20;

/** An address of this machine; where there are others than one, another for each number. */
function addressOf(number: number): string {
  return process.platform === 'linux' ? `127.0.0.${2 + (number % 200)}` : '127.0.0.1';
}

/** A node that counts connections for each address, which it does not for those of a listener at loopback. */
function everywhere(limits: ServerOptions['limits']): ServerOptions {
  return { host: '0.0.0.0', insecure: true, handshakeTimeout: 60_000, limits: limits ?? {} };
}

/** A frame that the attacked node would take is said, and then nothing more. */
function stops(name: string, where: string, say: (wire: Wire) => Promise<void>, member?: string): Case {
  return {
    name: `a member that stops ${where}`,
    items: ['a handshake that never ends, after TLS'],
    options: () => IMPATIENT,
    outcome: LATE,
    async attack(scene) {
      const wire = scene.member(member);
      await wire.open;
      await say(wire);
      ok(!wire.isEnded, `${name}: it ended at once`);
      return [wire];
    },
  };
}

/** As many as can be at once, and somebody more: he is let in when they have gone, and not before. */
async function crowd(scene: Scene, from: (number: number) => string | undefined): Promise<void> {
  const wires = Array.from({ length: CROWD }, (_, number) => scene.stranger(from(number)));
  await Promise.all(wires.map((wire) => wire.open));
  const turnedAway = (): Wire[] => wires.filter((wire) => wire.isEnded);
  await within(Promise.race(wires.map((wire) => wire.ended)), 'somebody being turned away');
  const enough = await scene.victim.faults('ERR_LIMIT', /limits\.handshakes/, CROWD - ROOM, 10_000);
  ok(enough === CROWD - ROOM, `${enough} of ${CROWD} were turned away, and there is room for ${ROOM}`);
  await Promise.all(turnedAway().map((wire) => wire.ended));
}

export const handshakes: readonly Case[] = [
  {
    name: 'a socket that says nothing',
    items: ['a handshake that never ends, before TLS'],
    options: () => IMPATIENT,
    outcome: LATE,
    async attack(scene) {
      return [scene.stranger(), scene.stranger(), scene.stranger()];
    },
  },
  {
    name: 'a ClientHello now and then a byte of it',
    items: ['a handshake that never ends, before TLS'],
    modes: SECURED,
    options: () => IMPATIENT,
    outcome: LATE,
    async attack(scene) {
      const wire = scene.stranger();
      await wire.open;
      const bytes = Buffer.from('16030100c8010000c40303', 'hex');
      for (let at = 0; !wire.isEnded; at++) {
        wire.say(bytes.subarray(at, at + 1));
        await Promise.race([wire.ended, new Promise((resolve) => setTimeout(resolve, 50))]);
      }
      return [wire];
    },
  },
  stops('silence', 'before HELLO', async () => undefined),
  stops('half a HELLO', 'within HELLO', async (wire) => wire.say(control.encodeHello(hello()).subarray(0, 20))),
  stops('HELLO', 'after HELLO', async (wire) => void (await wire.greet())),
  stops('ADOPT', 'before it accepts', async (wire) => void (await wire.offer())),
  stops('the verdict', 'before its verdict', async (wire) => void (await wire.greet({ id: ARBITER })), ARBITER),
  {
    name: 'heartbeats in place of HELLO',
    items: ['a handshake that never ends, after TLS'],
    options: () => IMPATIENT,
    outcome: LATE,
    async attack(scene) {
      const wire = scene.member();
      await wire.open;
      while (!wire.isEnded) {
        wire.say(Uint8Array.of(Frame.Heartbeat));
        await Promise.race([wire.ended, new Promise((resolve) => setTimeout(resolve, 20))]);
      }
      return [wire];
    },
  },
  {
    name: 'too many from one address leave room for others',
    items: ['too many handshakes from one address', 'CVE-2022-23486'],
    options: () => everywhere({ handshakesPerAddress: ROOM }),
    outcome: { fault: ['ERR_LIMIT', /limits\.handshakes/] },
    async attack(scene) {
      await crowd(scene, () => addressOf(0));
      if (addressOf(0) !== addressOf(1)) await scene.member(undefined, addressOf(1)).follow();
      return [];
    },
  },
  {
    name: 'too many from many',
    items: ['too many handshakes from many', 'CVE-2022-23492', 'CVE-2022-23486'],
    options: () => everywhere({ handshakes: ROOM, handshakesPerAddress: CROWD }),
    outcome: { fault: ['ERR_LIMIT', /limits\.handshakes/] },
    async attack(scene) {
      await crowd(scene, addressOf);
      // When they have gone there is room again.
      scene.leave();
      for (;;) {
        const wire = scene.member();
        if (
          await wire.follow().then(
            () => true,
            () => false,
          )
        )
          return [];
      }
    },
  },
  {
    name: 'TLS begun by all at once',
    items: ['too many handshakes from many', 'CVE-2022-23492'],
    modes: SECURED,
    // That they say nothing then is no part of this, however long all the handshakes take.
    options: () => ({ handshakeTimeout: 60_000 }),
    outcome: BORNE,
    async attack(scene) {
      const wires = Array.from({ length: 100 }, () => scene.member());
      await Promise.all(wires.map((wire) => wire.open));
      ok(
        wires.some((wire) => !wire.isEnded),
        'nobody was let in',
      );
      return [];
    },
  },
  {
    name: 'more peers than there may be',
    items: ['too many handshakes from many', 'CVE-2022-23486'],
    options: () => ({ limits: { peers: 1 } }),
    outcome: { fault: ['ERR_LIMIT', /limits\.peers/], told: TOLD.limit },
    async attack(scene) {
      await scene.follower();
      const wire = scene.member(ARBITER);
      await wire.open;
      wire.say(control.encodeHello(hello({ id: ARBITER })));
      return [wire];
    },
  },
  {
    name: 'a second HELLO, in the handshake',
    items: ['a HELLO twice'],
    outcome: protocolFault(/a second HELLO/),
    async attack(scene) {
      const wire = scene.member();
      await wire.greet();
      wire.say(control.encodeHello(hello()));
      return [wire];
    },
  },
  {
    name: 'a second HELLO, on a link',
    items: ['a HELLO twice'],
    outcome: { fault: ['ERR_PROTOCOL', /a second HELLO/] },
    async attack(scene) {
      const wires: Wire[] = [];
      for (const said of [hello(), hello({ id: HONEST }), hello({ minVersion: 9, maxVersion: 9 })]) {
        const wire = await scene.follower();
        wire.say(control.encodeHello(said));
        await wire.ended;
        wires.push(wire);
      }
      return wires;
    },
  },
  {
    name: 'all that an honest handshake said, once more',
    items: ['a replayed handshake'],
    outcome: protocolFault(/STATE out of turn/),
    async attack(scene) {
      const first = scene.member();
      const said = control.encodeHello(hello());
      await first.open;
      first.say(said);
      const { nonce } = control.decodeHello(await first.next(Frame.Hello));
      const state = control.encodeState({
        nonce,
        incarnation: '',
        session: 0,
        epoch: 0,
        live: false,
        received: [0, 0],
      });
      first.say(state);
      const { epoch } = control.decodeAdopt(await first.next(Frame.Adopt));
      const accept = control.encodeAccept({ epoch, received: [0, 0] });
      first.say(accept);
      await first.alive();
      first.close();
      const again = scene.member();
      await again.open;
      again.say(joined([said, state, accept]));
      return [again];
    },
  },
  {
    name: 'versions, features and codecs that there are not',
    items: ['unknown frames'],
    outcome: { fault: ['ERR_VERSION', /speaks version/], told: TOLD.version },
    async attack(scene) {
      return Promise.all(
        [0, 2, 255].map(async (version) => {
          const wire = scene.member();
          await wire.open;
          wire.say(control.encodeHello(hello({ minVersion: version, maxVersion: version })));
          return wire;
        }),
      );
    },
  },
  {
    name: 'a HELLO that requires what nobody has',
    items: ['unknown frames'],
    outcome: { fault: ['ERR_FEATURE', /requires features/], told: TOLD.feature },
    async attack(scene) {
      return Promise.all(
        [1, 2 ** 40, 2 ** 53 - 1].map(async (required) => {
          const wire = scene.member();
          await wire.open;
          wire.say(control.encodeHello(hello({ required })));
          return wire;
        }),
      );
    },
  },
  {
    name: 'a HELLO of another codec',
    items: ['unknown frames'],
    outcome: { fault: ['ERR_CODEC', /encodes packets with/], told: TOLD.codec },
    async attack(scene) {
      const wire = scene.member();
      await wire.open;
      wire.say(control.encodeHello(hello({ codec: 'eval' })));
      return [wire];
    },
  },
  {
    name: 'a HELLO with numbers that leave no room, or all',
    items: ['unknown frames', 'credit overflow'],
    outcome: protocolFault(/heartbeat, window or packet size of 0/),
    async attack(scene) {
      for (const odd of [
        { heartbeat: 2 ** 53 - 1 },
        { window: 1 },
        { maxPacket: 2 ** 53 - 1 },
        { window: 2 ** 53 - 1, heartbeat: 1 },
      ]) {
        const wire = await scene.follower(odd);
        await scene.victim.send('a', 100, 1);
        wire.close();
      }
      return Promise.all(
        [{ heartbeat: 0 }, { window: 0 }, { maxPacket: 0 }].map(async (zero) => {
          const wire = scene.member();
          await wire.open;
          wire.say(control.encodeHello(hello(zero)));
          return wire;
        }),
      );
    },
  },
  {
    name: 'addresses that no node has, told by a peer',
    items: ['unknown frames', 'bad UTF-8'],
    outcome: BORNE,
    async attack(scene) {
      const addresses = [
        'javascript:1',
        'file:///etc/passwd',
        'tcp://0.0.0.0:1',
        'tcp://[::]:1',
        'unix:///\0',
        'tcp://127.0.0.1:99999',
        'x'.repeat(255),
        'tcp://a b:1',
      ];
      const wire = await scene.follower({ addresses });
      await wire.alive();
      return [];
    },
  },
  {
    name: 'connections that are reset at once, in every state',
    items: ['CVE-2024-38355', 'CVE-2022-21676'],
    // Over TLS, Node.js does not always tell of a reset behind a goodbye: then the deadline does.
    options: () => IMPATIENT,
    outcome: { fault: null, besides: ['ERR_PROTOCOL', 'ERR_BAD_PACKET', 'ERR_UNAUTHORIZED', 'ERR_TIMEOUT'] },
    async attack(scene) {
      const reset = async (wire: Wire, say: (wire: Wire) => void): Promise<void> => {
        await wire.open;
        say(wire);
        wire.reset();
        await wire.ended;
      };
      for (let round = 0; round < 5; round++) {
        await Promise.all(Array.from({ length: 10 }, () => reset(scene.stranger(), () => undefined)));
        await Promise.all(Array.from({ length: 4 }, () => reset(scene.stranger(), (wire) => wire.say('GET '))));
        await reset(scene.member(), (wire) => wire.say(control.encodeHello(hello())));
      }
      const linked = await scene.follower();
      await reset(linked, (wire) => wire.say(new Uint8Array(3)));
      return [];
    },
  },
  {
    name: 'ends of streams in the middle of what is said',
    items: ['CVE-2022-21676', 'CVE-2024-38355'],
    outcome: BORNE,
    async attack(scene) {
      const half = control.encodeHello(hello()).subarray(0, 30);
      const wires = [scene.stranger(), scene.member(), scene.member()];
      await Promise.all(wires.map((wire) => wire.open));
      for (const [index, wire] of wires.entries()) wire.socket.end(half.subarray(0, 10 * index));
      return wires;
    },
  },
];
