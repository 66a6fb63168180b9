/**
 * Packets that have come, on their way to the application: decoded where they lie and handed to who listens, or kept in the
 * inbox until somebody takes them.
 *
 * Decoded a packet may take a hundred times its bytes, and what may wait is counted in these. So beyond a little they wait as
 * they came, and are decoded when it is their turn.
 */
import { theirs } from '../errors.js';
import type { Mesh } from '../protocol/mesh.js';
import type { Deliver } from '../protocol/output.js';
import { OVERHEAD } from '../protocol/send-buffer.js';
import type { Session } from '../protocol/session.js';
import { announce, type Voice } from './announce.js';
import { Inbox, type Messages, type Receipt } from './inbox.js';

/** What this file needs of the core. */
type Core = Pick<Mesh, 'attend' | 'handled' | 'session' | 'undecodable'>;

/** What this file needs of the codec. */
interface Decoder {
  decode(bytes: Uint8Array): unknown;
  decodeRange?(buffer: Uint8Array, start: number, end: number): unknown;
}

/** What this file needs of who drives the core. */
interface Driver {
  /** The latest time that was read. */
  readonly instant: number;
  now(): number;
  pump(): void;
  scheduleFlush(): void;
}

/** Who listens, and whether anybody does. */
interface Listeners<Packet> extends Voice<Packet> {
  listenerCount(event: 'message'): number;
}

export class Reception<Packet> {
  readonly #core: Core;
  readonly #codec: Decoder;
  readonly #voice: Listeners<Packet>;
  readonly #driver: Driver;
  readonly #inbox: Inbox<Packet>;

  /** @param maxOrphans - bytes kept of sessions that have ended */
  constructor(core: Core, codec: Decoder, voice: Listeners<Packet>, driver: Driver, maxOrphans: number) {
    this.#core = core;
    this.#codec = codec;
    this.#voice = voice;
    this.#driver = driver;
    this.#inbox = new Inbox<Packet>(
      {
        emit: ({ sender, packet }) => announce(voice, sender, packet),
        handled: (receipt) => {
          core.handled(receipt, driver.now());
          driver.scheduleFlush();
        },
        left: () => this.#attend(),
        decode: (bytes) => codec.decode(bytes) as Packet,
        spoilt: (receipt, error) => this.#spoilt(receipt, error),
      },
      maxOrphans,
    );
  }

  /** A packet has come; its memory is the caller's again when this returns. */
  receive(deliver: Deliver): void {
    const inbox = this.#inbox;
    if (inbox.full) {
      this.#attend();
      // Not bytes.slice(), which makes no copy of a Buffer; and one that takes many small ones from one piece of memory.
      inbox.add({ sender: deliver.id, bytes: Buffer.from(deliver.bytes) }, receiptOf(deliver), sizeOf(deliver), false);
      return;
    }
    let packet: Packet;
    try {
      packet = this.#decode(deliver);
    } catch (error) {
      this.#core.undecodable(deliver.id, theirs(error, 'ERR_BAD_PACKET'), this.#driver.now());
      return;
    }
    const asked = inbox.idle;
    if (asked && announce(this.#voice, deliver.id, packet)) {
      this.#core.handled(deliver, this.#driver.instant);
      return;
    }
    this.#attend();
    inbox.add({ sender: deliver.id, packet }, receiptOf(deliver), sizeOf(deliver), asked);
  }

  /** A listener has come: it gets what waits. */
  listen(): void {
    this.#attend();
    this.#inbox.flow();
  }

  /** A reader has come. */
  read(signal: AbortSignal | undefined): Messages<Packet> {
    const messages = this.#inbox.read(signal);
    this.#attend();
    return messages;
  }

  /** The session has ended: nobody waits to hear what was had of it. */
  orphan(session: Session): void {
    this.#inbox.orphan(session);
  }

  /** No packet will come any more. */
  end(): void {
    this.#inbox.end();
  }

  #decode(deliver: Deliver): Packet {
    const { buffer, start, end } = deliver;
    const codec = this.#codec;
    const made = codec.decodeRange === undefined ? codec.decode(deliver.bytes) : codec.decodeRange(buffer, start, end);
    return made as Packet;
  }

  /** One that waited turned out to be none: its session ends, if that has not happened yet. */
  #spoilt({ id, session }: Receipt, error: unknown): void {
    if (this.#core.session(id) !== session) return;
    this.#core.undecodable(id, theirs(error, 'ERR_BAD_PACKET'), this.#driver.now());
    this.#driver.pump();
  }

  /** Tells the core whether anybody takes packets. */
  #attend(): void {
    this.#core.attend(this.#inbox.attended || this.#voice.listenerCount('message') > 0);
  }
}

/** What is to be kept of it while the packet waits. */
function receiptOf({ id, session, lane, sequence, receivedBytes }: Deliver): Receipt {
  return { id, session, lane, sequence, receivedBytes };
}

/** Bytes as they count against the window. */
function sizeOf({ start, end }: Deliver): number {
  return end - start + OVERHEAD;
}
