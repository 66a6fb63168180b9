/**
 * What is measured, and what it is measured against: each is an adapter with this interface. The *hub* listens and is the
 * sender; the *endpoints* dial it, all in the other process. Links are counted from 0, in the order of their endpoints.
 *
 * An adapter does what a careful user of that library would do, and says in its comments what it sets and why.
 */
import type { Packet } from './packets.js';

/** `secret` and `tls` are TLS 1.3 over TCP: with a key that both have, and with certificates of both. */
export type TransportName = 'tcp' | 'unix' | 'secret' | 'tls';

/** Where to dial: the way `node:net` names it, so that a relay can come between. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** What a workload is about to do: some libraries have another kind of socket for each. */
export type Pattern =
  /** Packets go one way over one link. */
  | 'stream'
  /** Every packet goes to all links. */
  | 'broadcast'
  /** Packets go both ways, over any number of links. */
  | 'duplex';

export interface Wish {
  readonly transport: TransportName;
  readonly pattern: Pattern;
  /** A path for a socket in the file system that nobody uses. */
  readonly path: string;
  /** Over how many nodes the hub's end of the links is spread, for libraries where that matters. */
  readonly hubs: number;
  /** Bytes that may be under way: `null` leaves the library its default. */
  readonly window: number | null;
}

/** Called for every packet that comes. */
export type Hear = (link: number, packet: Packet) => void;

/** One side of the links. It is not closed: its process is ended. */
export interface Side {
  /** Gives a packet to the library. `false`: it was not taken, and must be sent again after `room`. */
  send(link: number, packet: Packet): boolean;
  /** Resolves in a later turn of the event loop, when the library says that it can take more. */
  room(): Promise<void>;
}

export interface Hub extends Side {
  /** One per hub wished for, or one for all. */
  readonly addresses: readonly Address[];
  /** Resolves when so many links can be used. */
  ready(links: number): Promise<void>;
  /** Sends to all links, in the cheapest way that the library has. All of them take it. */
  broadcast(packet: Packet): void;
  /** A process that works for both sides, such as a broker: its CPU time counts. */
  readonly helper?: number;
}

/** Endpoints number `first` to `first + count - 1`. */
export interface Reach {
  readonly addresses: readonly Address[];
  readonly first: number;
  readonly count: number;
}

/** A library, once it is loaded. */
export interface Peer {
  listen(wish: Wish, hear: Hear): Promise<Hub>;
  dial(reach: Reach, wish: Wish, hear: Hear): Promise<Side>;
}

/** What is known of a peer before its code is loaded. */
export interface PeerInfo {
  readonly name: string;
  readonly title: string;
  /** What is set, and what that means for the comparison. */
  readonly remark: string;
  readonly transports: readonly TransportName[];
  /** Packages it consists of, for versions and sizes; the first is what a user imports. Empty for what the project has. */
  readonly packages: readonly string[];
  /** Whether code that is not JavaScript is part of it. */
  readonly native: boolean;
  /** Whether it comes back by itself when a connection is lost. */
  readonly reconnects: boolean;
  /** Whether nothing may be lost or doubled when it does: where it may, that is counted and told. */
  readonly exactlyOnce: boolean;
  /** Loads the library and gives it as a {@link Peer}. */
  load(): Promise<Peer>;
}
