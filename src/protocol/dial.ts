/**
 * Why this node dials, and how far it has come: one object for a wish of the application (`connect`), for winning back
 * the lost link of a peer, for testing a suspect one, and for replacing a good one.
 */
import type { ErrorCode } from '../errors.js';
import type { Connection } from './connection.js';
import type { Peer } from './peer.js';

/**
 * - `wish`: the application wants whoever is at this address.
 * - `redial`: a kept peer's link is lost.
 * - `probe`: a link is silent; does the other side still take connections?
 * - `renewal`: a good link is to be replaced by a younger one.
 */
export type DialPurpose = 'wish' | 'redial' | 'probe' | 'renewal';

/** Trying again can't help: the other end has said what it is. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_SELF',
  'ERR_WRONG_ID',
  'ERR_VERSION',
  'ERR_FEATURE',
  'ERR_CODEC',
  'ERR_ID_IN_USE',
]);

export class Dial {
  readonly purpose: DialPurpose;
  /** Number by which the application's promise is found; 0 where there is none. */
  readonly wish: number;
  /** Where to dial, best first. One attempt goes through all of them. */
  uris: string[];
  /** The id that must answer, or null for whoever does. */
  readonly expected: string | null;
  /** Known once a HELLO came, or from the start for a peer's own dials. */
  peer: Peer | null;
  /** The attempt under way or last made, from 1. */
  attempt = 0;
  /** Which of the URIs is being tried. */
  index = 0;
  /** All that were tried in this attempt have said what another attempt can't change. */
  final = true;
  /** The connection being opened or shaking hands. */
  connection: Connection | null = null;
  /** When the next attempt starts; Infinity while one is under way. */
  next: number;
  /** The connection was a duplicate: the link that it duplicates must show by this time. */
  until: number = Number.POSITIVE_INFINITY;
  /** It met a peer that this side was leaving: it is for a link after that, and waits for it until `until` at the latest. */
  postponed = false;
  /** Handshakes overtaken by others in this attempt. */
  overtaken = 0;
  /** Connections of this attempt that were closed before the other side had said who it is, as a crowded one does. */
  refused = 0;
  /** When the same address is dialled once more for that; Infinity otherwise. */
  again: number = Number.POSITIVE_INFINITY;
  /** The connection that was under way when this node's credentials were last exchanged: made with those of before. */
  outdated: Connection | null = null;
  /** Probe: no address takes connections for this peer any more. */
  failed = false;
  /** This wish is why the peer is kept. */
  keeps = false;

  constructor(
    purpose: DialPurpose,
    uris: readonly string[],
    peer: Peer | null,
    expected: string | null,
    now: number,
    wish = 0,
  ) {
    this.purpose = purpose;
    this.uris = [...uris];
    this.peer = peer;
    this.expected = expected;
    this.next = now;
    this.wish = wish;
  }

  /** The attempt begins with the first address, or anew. */
  begin(): void {
    this.attempt++;
    this.index = 0;
    this.final = true;
    this.overtaken = 0;
    this.refused = 0;
  }

  /** The address being tried does not lead to a link. */
  missed(code: ErrorCode): void {
    this.final &&= FINAL.has(code);
    this.refused = 0;
    this.index++;
  }
}
