/** What a case of abuse is: what is done, and what must come of it. */

import type { ErrorCode } from '../../src/errors.js';
import type { ServerOptions } from '../../src/index.js';
import type { Item } from './checklist.js';
import type { Mode } from './mode.js';
import type { Scene } from './scene.js';
import type { Wire } from './wire.js';

export interface Outcome {
  /** What the attacked node reports of each connection; null when there is nothing to report. */
  readonly fault: readonly [code: ErrorCode, words: RegExp] | null;
  /** What the attacker is told before the end; left out where it is told nothing that counts, or goes by itself. */
  readonly told?: RegExp;
  /** Faults that may be reported besides. @default none */
  readonly besides?: readonly ErrorCode[];
  /** An event of the attacked node, with its first arguments. */
  readonly event?: readonly [name: string, ...args: unknown[]];
}

export interface Case {
  readonly name: string;
  /** What it stands for. */
  readonly items: readonly Item[];
  /** Where it makes sense. @default all */
  readonly modes?: readonly Mode[];
  /** Another node is attacked than the one with the defaults. It is in the same process. */
  readonly options?: (mode: Mode) => ServerOptions;
  /** Nobody listens to the packets of that node. */
  readonly deaf?: boolean;
  readonly outcome: Outcome | Readonly<Record<Mode, Outcome>>;
  /** Returns the connections which the attacked node must end, each with that outcome. */
  attack(scene: Scene): Promise<readonly Wire[]>;
}

/** How REJECT and BYE show in what an attacker is told. */
export const TOLD = {
  protocol: /^REJECT 1$/,
  version: /^REJECT 2$/,
  feature: /^REJECT 3$/,
  codec: /^REJECT 4$/,
  self: /^REJECT 5$/,
  idInUse: /^REJECT 6$/,
  limit: /^REJECT 8$/,
  overtaken: /^REJECT 10$/,
  unauthorized: /^REJECT 11$/,
  badPacket: /^BYE 4$/,
  /** TLS itself says no, or nothing is said at all. */
  shut: /ALERT|ECONNRESET|ERR_SSL|^nothing$/,
} as const;

/** Nothing wrong was found, and nothing was lost. */
export const BORNE: Outcome = { fault: null };

/** It took too long to shake hands. */
export const LATE: Outcome = { fault: ['ERR_TIMEOUT', /handshakeTimeout/] };

export function protocolFault(words: RegExp): Outcome {
  return { fault: ['ERR_PROTOCOL', words], told: TOLD.protocol };
}

/** The same on a link, which ends without a word. */
export function linkFault(words: RegExp): Outcome {
  return { fault: ['ERR_PROTOCOL', words] };
}

export function outcomeIn({ outcome }: Case, mode: Mode): Outcome {
  return 'fault' in outcome ? outcome : outcome[mode];
}
