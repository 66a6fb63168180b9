/** Frames: wrong lengths, wrong moments, wrong counts. The connection ends; who was let in before stays in. */
import * as control from '../../src/protocol/control.js';
import { Frame } from '../../src/protocol/frame.js';
import { BORNE, type Case, linkFault, protocolFault, TOLD } from './case.js';
import { frame, hex, joined, packet, repeated } from './frame.js';
import { ARBITER, FOLLOWER } from './mode.js';
import type { Scene } from './scene.js';
import type { Wire } from './wire.js';

/** Bytes said before HELLO, each on a connection of its own. */
function early(scene: Scene, ...inputs: readonly Uint8Array[]): Promise<Wire[]> {
  return Promise.all(
    inputs.map(async (input) => {
      const wire = scene.member();
      await wire.open;
      wire.say(input);
      return wire;
    }),
  );
}

/** Bytes said on a link, each on one of its own. */
async function onLink(scene: Scene, ...inputs: readonly Uint8Array[]): Promise<Wire[]> {
  const wires: Wire[] = [];
  for (const input of inputs) {
    const wire = await scene.follower();
    wire.say(input);
    await wire.ended;
    wires.push(wire);
  }
  return wires;
}

const counts = (normal: number, urgent = 0): Uint8Array => control.encodeAck([normal, urgent]);
/** 2^53 as a varint, and a number that does not end. */
const TOO_LARGE = '8080808080808010';
const ENDLESS = 'ffffffffffffffffffff';

export const frames: readonly Case[] = [
  {
    name: 'huge frames declared before HELLO',
    items: ['huge declared lengths'],
    outcome: protocolFault(/before the link is adopted|the limit is 1024|more than 3 bytes/),
    attack: (scene) =>
      early(
        scene,
        hex('efffff00'),
        hex('f2ffff7f'),
        hex('fdffff7f'),
        hex('f0ffff3f'),
        hex('ffffff3f'),
        hex('f2ffffffff'),
      ),
  },
  {
    name: 'huge frames declared on a link',
    items: ['huge declared lengths'],
    options: () => ({ maxPacket: 100_000 }),
    outcome: linkFault(/the limit is|more than 3 bytes/),
    attack: (scene) =>
      onLink(scene, hex('efffff'), hex('ffffff3f'), hex('f0ffff3f'), hex('f9ffff7f'), hex('feff7f'), hex('ffffffffff')),
  },
  {
    name: 'lengths that are not in their shortest form',
    items: ['unknown frames'],
    outcome: linkFault(/shortest form/),
    attack: (scene) => onLink(scene, hex('c005'), hex('e00005'), hex('f98000'), hex('fc808000')),
  },
  {
    name: 'a whole handshake and packets, one byte at a time',
    items: ['one byte at a time'],
    outcome: BORNE,
    async attack(scene) {
      const wire = scene.member();
      const slowly = async (bytes: Uint8Array): Promise<void> => {
        for (const byte of bytes) {
          wire.say(Uint8Array.of(byte));
          await new Promise(setImmediate);
        }
      };
      await wire.open;
      await slowly(control.encodeHello(helloOf(FOLLOWER)));
      const { nonce } = control.decodeHello(await wire.next(Frame.Hello));
      await slowly(
        control.encodeState({ nonce, incarnation: '', session: 0, epoch: 0, live: false, received: [0, 0] }),
      );
      const { epoch } = control.decodeAdopt(await wire.next(Frame.Adopt));
      await slowly(control.encodeAccept({ epoch, received: [0, 0] }));
      await slowly(packet(hex('92a568656c6c6f01')));
      await wire.alive();
      return [];
    },
  },
  {
    name: 'a large packet in chunks of a few bytes',
    items: ['thousands of tiny chunks', 'CVE-2026-48779'],
    outcome: BORNE,
    async attack(scene) {
      const wire = await scene.follower();
      const bytes = packet(joined([hex('c600040000'), new Uint8Array(0x40000)]));
      for (let at = 0; at < bytes.length; at += 16) {
        wire.say(bytes.subarray(at, at + 16));
        if (at % 4096 === 0) await new Promise(setImmediate);
      }
      await wire.alive();
      return [];
    },
  },
  {
    name: 'a packet in pieces of one byte each',
    items: ['thousands of tiny chunks', 'CVE-2026-48779', 'CVE-2026-33151'],
    outcome: linkFault(/more than the window/),
    async attack(scene) {
      const wire = await scene.follower();
      const piece = repeated(frame(Frame.Piece, '00'), 16_384);
      while (!wire.isEnded) await wire.pour(piece);
      return [wire];
    },
  },
  {
    name: 'a packet that never ends',
    items: ['huge declared lengths', 'credit overflow'],
    options: () => ({ maxPacket: 8 * 2 ** 20, window: 2 ** 20 }),
    outcome: linkFault(/a packet of more than|more than the window/),
    async attack(scene) {
      const wire = await scene.follower();
      const piece = frame(Frame.Piece, new Uint8Array(128 * 1024));
      while (!wire.isEnded) await wire.pour(piece);
      return [wire];
    },
  },
  {
    name: 'an empty piece',
    items: ['unknown frames'],
    outcome: linkFault(/an empty piece/),
    attack: (scene) => onLink(scene, frame(Frame.Piece, '')),
  },
  {
    name: 'more than the window, to a node that takes nothing',
    items: ['credit overflow'],
    options: () => ({ window: 2 ** 20, maxPacket: 2 ** 20 }),
    deaf: true,
    outcome: linkFault(/more than the window of 1048576 bytes/),
    async attack(scene) {
      const wire = await scene.follower();
      const some = repeated(packet(hex('01')), 8192);
      while (!wire.isEnded) await wire.pour(some);
      return [wire];
    },
  },
  {
    name: 'packets before HELLO, and before ADOPT',
    items: ['DATA before ADOPT'],
    outcome: protocolFault(/before the link is adopted/),
    async attack(scene) {
      const wires = await early(scene, packet(hex('01')), frame(Frame.Urgent, '01'), frame(Frame.Piece, '01'));
      const wire = scene.member();
      await wire.greet();
      wire.say(packet(hex('01')));
      return [...wires, wire];
    },
  },
  {
    name: 'packets between ADOPT and ACCEPT',
    items: ['DATA before ADOPT'],
    outcome: linkFault(/DATA out of turn/),
    async attack(scene) {
      const wire = scene.member();
      await wire.offer();
      wire.say(packet(hex('01')));
      return [wire];
    },
  },
  {
    name: 'frames of a link before there is one',
    items: ['DATA before ADOPT', 'unknown frames'],
    outcome: protocolFault(/of a link out of turn/),
    attack: (scene) =>
      early(
        ...([scene, counts(0), control.encodeAckRequest(), control.encodeKeep(true)] as const),
        ...[control.encodeBye(1), control.encodePing({ token: 1, contested: false }), control.encodePong(1)],
      ),
  },
  {
    name: 'a verdict from who has none to give',
    items: ['a stale epoch', 'unknown frames'],
    outcome: protocolFault(/(ADOPT|ACCEPT|QUERY|DUPLICATE|STATE) out of turn/),
    async attack(scene) {
      const adopt = { nonce: 1, epoch: 1, session: 1, received: [0, 0], start: [0, 0] } as const;
      const wires = await early(scene, control.encodeAdopt(adopt), control.encodeQuery(1), control.encodeDuplicate());
      for (const said of [
        control.encodeAdopt(adopt),
        control.encodeQuery(1),
        control.encodeAccept({ epoch: 1, received: [0, 0] }),
      ]) {
        const wire = scene.member();
        await wire.greet();
        wire.say(said);
        await wire.ended;
        wires.push(wire);
      }
      return wires;
    },
  },
  {
    name: 'ADOPT with an epoch of before',
    items: ['a stale epoch'],
    outcome: { fault: ['ERR_CONNECTION_LOST', /overtook/], told: TOLD.overtaken },
    async attack(scene) {
      const incarnation = '00000000000000ee';
      await scene.leader({ incarnation }, { epoch: 5 });
      // The link is good: what comes over another connection is of before.
      const wire = scene.member(ARBITER);
      const theirs = await wire.greet({ id: ARBITER, incarnation });
      await wire.next(Frame.State);
      wire.say(control.encodeAdopt({ nonce: theirs.nonce, epoch: 5, session: 1, received: [0, 0], start: [0, 0] }));
      return [wire];
    },
  },
  {
    name: 'ADOPT of a session that leaves a gap, or is none',
    items: ['a stale epoch'],
    outcome: protocolFault(/ADOPT (without a session|goes on with a session that is not known)/),
    async attack(scene) {
      const wires: Wire[] = [];
      for (const wrong of [{ session: 0 }, { received: [1, 0] }, { start: [5, 0] }] as const) {
        const wire = scene.member(ARBITER);
        const theirs = await wire.greet({ id: ARBITER });
        await wire.next(Frame.State);
        const right = { nonce: theirs.nonce, epoch: 1, session: 1, received: [0, 0], start: [0, 0] } as const;
        wire.say(control.encodeAdopt({ ...right, ...wrong }));
        await wire.ended;
        wires.push(wire);
      }
      return wires;
    },
  },
  {
    name: 'ACCEPT of another epoch, or of packets that were not sent',
    items: ['a stale epoch', 'an ACK beyond what was sent'],
    outcome: linkFault(/ACCEPT out of turn|impossible/),
    async attack(scene) {
      const wires: Wire[] = [];
      for (const wrong of [
        { epoch: 0 },
        { epoch: 9 },
        { received: [1, 0] as const },
        { received: [0, 2 ** 52] as const },
      ]) {
        const wire = scene.member();
        const { epoch } = await wire.offer();
        wire.say(control.encodeAccept({ epoch, received: [0, 0], ...wrong }));
        await wire.ended;
        wires.push(wire);
      }
      return wires;
    },
  },
  {
    name: 'STATE with the last epoch there is, or for another question',
    items: ['a stale epoch', 'a replayed handshake'],
    outcome: protocolFault(/an epoch after which none can come|STATE out of turn/),
    async attack(scene) {
      const wires: Wire[] = [];
      for (const wrong of [{ epoch: 2 ** 53 - 1 }, { nonce: 5 }]) {
        const wire = scene.member();
        const { nonce } = await wire.greet();
        wire.say(
          control.encodeState({
            ...{ nonce, incarnation: '', session: 0, epoch: 0, live: false, received: [0, 0] },
            ...wrong,
          }),
        );
        await wire.ended;
        wires.push(wire);
      }
      return wires;
    },
  },
  {
    name: 'acknowledging what was never sent',
    items: ['an ACK beyond what was sent'],
    outcome: linkFault(/acknowledged and only \d+ sent/),
    attack: (scene) => onLink(scene, counts(1), counts(0, 1), counts(2 ** 53 - 1), counts(0, 2 ** 40)),
  },
  {
    name: 'an acknowledgement that goes back',
    items: ['an ACK going back'],
    outcome: linkFault(/goes back from 2 to 1/),
    async attack(scene) {
      const wire = await scene.follower();
      await scene.victim.send(FOLLOWER, 10, 2);
      wire.say(counts(2), counts(1));
      return [wire];
    },
  },
  {
    name: 'half a packet acknowledged',
    items: ['an ACK going back'],
    outcome: linkFault(/half a packet/),
    async attack(scene) {
      const wire = await scene.follower();
      await scene.victim.send(FOLLOWER, 300_000, 1);
      // All of it is on its way before this is heard.
      await wire.alive();
      wire.say(counts(1));
      return [wire];
    },
  },
  {
    name: 'numbers over 2^53, and numbers that do not end',
    items: ['an ACK over 2^53'],
    outcome: linkFault(/over 2\^53/),
    attack: (scene) =>
      onLink(
        scene,
        frame(Frame.Ack, `${TOO_LARGE}00`),
        frame(Frame.Ack, `00${ENDLESS}`),
        frame(Frame.Ping, `00${TOO_LARGE}`),
        frame(Frame.Pong, ENDLESS),
        frame(Frame.Extension, ENDLESS),
      ),
  },
  {
    name: 'control frames too short, too long, or with what has no meaning',
    items: ['unknown frames'],
    outcome: linkFault(/too short|too long|no meaning|at most 1 may be/),
    attack: (scene) =>
      onLink(
        ...([
          scene,
          frame(Frame.Ack, '00'),
          frame(Frame.Ack, '000000'),
          frame(Frame.Keep, ''),
          frame(Frame.Keep, '02'),
        ] as const),
        ...[
          frame(Frame.Bye, '00'),
          frame(Frame.Bye, '63'),
          frame(Frame.Ping, '0200'),
          frame(Frame.Reject, '6300'),
          frame(Frame.Duplicate, '00'),
        ],
      ),
  },
  {
    name: 'extensions that nobody knows, without end',
    items: ['unknown frames'],
    outcome: BORNE,
    async attack(scene) {
      const wire = await scene.follower();
      const unknown = joined([
        frame(Frame.Extension, joined([hex('7f'), new Uint8Array(1000)])),
        frame(Frame.Extension, '02'),
      ]);
      for (let i = 0; i < 40; i++) await wire.pour(repeated(unknown, 64));
      await wire.alive();
      return [];
    },
  },
  {
    name: 'heartbeats without end, on a link and before HELLO',
    items: ['thousands of tiny chunks'],
    outcome: BORNE,
    async attack(scene) {
      const [wire, [silent]] = [await scene.follower(), await early(scene, hex('f1'))];
      const beats = new Uint8Array(65_536).fill(Frame.Heartbeat);
      for (let i = 0; i < 16; i++) await Promise.all([wire.pour(beats), silent?.pour(beats)]);
      await wire.alive();
      return [];
    },
  },
  {
    name: 'a node that sends to a peer that never reads',
    items: ['a peer that never reads'],
    outcome: BORNE,
    async attack(scene) {
      const wire = await scene.follower();
      wire.socket.pause();
      let accepted = 0;
      let last = 1;
      // Until nothing more is taken: that is the window.
      for (let i = 0; i < 64 && last > 0; i++) accepted += last = await scene.victim.send(FOLLOWER, 64 * 1024, 16);
      if (last > 0 || accepted < 100)
        throw new Error(`${accepted} packets of 64 KiB were accepted, and ${last} at last`);
      return [];
    },
  },
  {
    name: 'questions without end from who does not read the answers',
    items: ['a peer that never reads'],
    outcome: linkFault(/does not read the answers/),
    async attack(scene) {
      const wire = await scene.follower();
      wire.socket.pause();
      const questions = repeated(control.encodePing({ token: 1, contested: false }), 4096);
      // Whatever the systems in between hold, it comes to an end.
      while (!wire.isEnded && wire.error === null) await wire.pour(questions);
      wire.socket.resume();
      return [wire];
    },
  },
  {
    name: 'questions for a STATE without end',
    items: ['a peer that never reads'],
    outcome: protocolFault(/does not read the answers/),
    // Until the system takes no more answers there is nothing to find fault with, and a busy machine needs a while for that.
    options: () => ({ handshakeTimeout: 60_000 }),
    async attack(scene) {
      const wire = scene.member(ARBITER);
      await wire.greet({ id: ARBITER });
      wire.socket.pause();
      const questions = repeated(control.encodeQuery(1), 4096);
      while (!wire.isEnded && wire.error === null) await wire.pour(questions);
      wire.socket.resume();
      return [];
    },
  },
  {
    name: 'questions without end from who reads the answers',
    items: ['thousands of tiny chunks'],
    outcome: BORNE,
    async attack(scene) {
      const wire = await scene.follower();
      const questions = joined([
        repeated(control.encodePing({ token: 1, contested: false }), 500),
        repeated(control.encodeAckRequest(), 500),
      ]);
      for (let i = 0; i < 40; i++) {
        await wire.pour(questions);
        // The answers have come.
        await wire.alive();
      }
      return [];
    },
  },
  {
    name: 'goodbye, and no end to it',
    items: ['a peer that never reads'],
    options: () => ({ closeTimeout: 200 }),
    outcome: BORNE,
    async attack(scene) {
      const wire = await scene.follower();
      await scene.victim.send(FOLLOWER, 1000, 10);
      // Never acknowledged: the attacked node would wait for ever to answer.
      wire.say(control.encodeBye(2));
      return [wire];
    },
  },
];

function helloOf(id: string): control.Hello {
  return {
    ...{ minVersion: 1, maxVersion: 1, offered: 0, required: 0, nonce: 77, incarnation: 'abcdefabcdefabcd' },
    ...{
      id,
      codec: 'msgpack',
      keep: true,
      heartbeat: 1000,
      resumeWindow: 0,
      window: 1e6,
      maxPacket: 1e6,
      addresses: [],
    },
  };
}
