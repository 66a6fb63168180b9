/**
 * Every error this library makes has a `code` from the one table below; `docs/errors.md` explains each and a test holds
 * the two against each other.
 *
 * The rule that lives here: *local* misuse and a *remote* fault are different things. Local errors are thrown at once,
 * synchronously, where the mistake was made. Remote ones are never thrown into the user's code: they reject a promise
 * that may be ignored, or are the argument of an event.
 */
import { timers } from './timers.js';

/** Where a fault lies: in the calling code, or in the network or the other node. */
export type ErrorSide = 'local' | 'remote';

const sides = {
  // The calling code.
  ERR_ARGUMENT: 'local',
  ERR_CLOSED: 'local',
  ERR_ID: 'local',
  ERR_INSECURE: 'local',
  ERR_LISTEN: 'local',
  ERR_OPTION: 'local',
  ERR_PACKET: 'local',
  ERR_PACKET_TOO_LARGE: 'local',
  ERR_UNSUPPORTED: 'local',
  ERR_URI: 'local',
  // The network, or the node at the other end.
  ERR_ABORTED: 'remote',
  ERR_BAD_PACKET: 'remote',
  ERR_CODEC: 'remote',
  ERR_CONNECTION_LOST: 'remote',
  ERR_EXPIRED: 'remote',
  ERR_FEATURE: 'remote',
  ERR_ID_IN_USE: 'remote',
  ERR_LIMIT: 'remote',
  ERR_PROTOCOL: 'remote',
  ERR_REFUSED: 'remote',
  ERR_SELF: 'remote',
  ERR_TIMEOUT: 'remote',
  ERR_UNAUTHORIZED: 'remote',
  ERR_UNDELIVERED: 'remote',
  ERR_UNKNOWN_PEER: 'remote',
  ERR_UNREACHABLE: 'remote',
  ERR_VERSION: 'remote',
  ERR_WRONG_ID: 'remote',
} as const;

/** The code of a {@link MasterlessError}. */
export type ErrorCode = keyof typeof sides;

/** All codes there are, sorted by name. */
export const errorCodes: readonly ErrorCode[] = (Object.keys(sides) as ErrorCode[]).sort();

/** A secret as keygen makes it. */
const SECRET = /masterless-secret-[\w-]{20,}/g;

/** Control characters, line and paragraph separators, and what embeds, overrides or isolates a direction. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** Of what others said, an id or a reason, nothing begins a line in a log, or moves a cursor. */
function seen(text: string): string {
  return text.replace(UNSEEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

interface ErrorDetails {
  readonly cause?: unknown;
  readonly uncertain?: boolean;
}

/** An error of this library: its message names the cause and what to do about it. */
export class MasterlessError extends Error {
  override readonly name = 'MasterlessError';
  /** What went wrong, for code to compare with. */
  readonly code: ErrorCode;
  /**
   * Of a packet that `deliver` or `flush` gave up, as of those of `undelivered`: true if it may have arrived, or still may;
   * false if it has not, and will not. Errors of other calls do not have it.
   */
  declare readonly uncertain?: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorDetails = {}) {
    // Who gives a secret where something else belongs would find it in the log.
    super(seen(message.replace(SECRET, 'masterless-secret-…')), options);
    this.code = code;
    if (options.uncertain !== undefined) this.uncertain = options.uncertain;
  }

  /** Whether the calling code is at fault (`'local'`) or the network or the other node (`'remote'`). */
  get side(): ErrorSide {
    return sides[this.code];
  }
}

/** What the application's own code threw is the process's to handle, after the node is done with what it was doing. */
export function throwLater(error: unknown): void {
  timers.nextTick(() => {
    throw error;
  });
}

/** What code of the application or of the system threw, as an error of ours with that code, unless it is one. */
export function ours(error: unknown, code: ErrorCode): MasterlessError {
  return isOurs(error) ? error : new MasterlessError(code, textOf(error), { cause: error });
}

/** The same, of what the other end's bytes brought about: an error that blames the calling code is only its cause. */
export function theirs(error: unknown, code: ErrorCode): MasterlessError {
  const known = ours(error, code);
  return known.side === 'remote' ? known : new MasterlessError(code, known.message, { cause: error });
}

function isOurs(error: unknown): error is MasterlessError {
  try {
    return error instanceof MasterlessError;
  } catch {
    // A Proxy may throw whatever it is asked.
    return false;
  }
}

/** A value as text, whatever it is: even asking an object for it may fail. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}
