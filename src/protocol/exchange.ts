/**
 * What the two ends of a connection have asked and told each other, from HELLO to the verdict. Only the verdict lasts, so
 * a link, of which there may be thousands, does not keep this.
 */
import type { Hello, State } from './control.js';

export class Exchange {
  /** What the other side said of itself. */
  hello: Hello | null = null;
  /** Of the addresses that it told, those that may be dialled. */
  addresses: readonly string[] = NOWHERE;
  /** HELLO has come, and whether its id may be claimed is not known yet: `ahead` is what was said after it. */
  awaited = false;
  ahead: Uint8Array = NOTHING;
  /** This side's HELLO, which ADOPT must repeat, and its last question, which STATE must repeat. */
  ownNonce = 0;
  questionNonce = 0;
  /** `changes` of the core when this side said HELLO. */
  greetedAt = 0;
  /** The same when the question was asked, or when STATE was sent; -1 when nothing is open. */
  asked = -1;
  /** Follower: the session of which its last STATE told. */
  toldSession = 0;
  /** The peer's present link must first prove dead: another incarnation waits here, or a suspect peer. */
  probing = false;
  /** The suspect link was asked for its sake, and that is over. */
  tested = false;
  /** A STATE that came while probing. */
  offer: State | null = null;
}

const NOTHING = new Uint8Array(0);
const NOWHERE: readonly string[] = [];
