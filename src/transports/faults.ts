/**
 * The system's errors in this library's terms. Every message names the address, what it means and what to do, and keeps
 * the system's own code for those who search for it.
 */
import { type ErrorCode, MasterlessError } from '../errors.js';

type SystemError = NodeJS.ErrnoException;
type Meaning = readonly [code: ErrorCode, meaning: string];

const REFUSED: Meaning = ['ERR_REFUSED', 'nobody listens there; is the node running, and is this its address?'];
const UNKNOWN_NAME: Meaning = [
  'ERR_UNREACHABLE',
  'the host name is unknown, or no name server answers; check its spelling',
];
const NO_WAY: Meaning = ['ERR_UNREACHABLE', "the address can't be reached; check it and the network"];
const FORBIDDEN: Meaning = [
  'ERR_UNREACHABLE',
  'the system does not let this user connect; check permissions and firewall',
];
const EXHAUSTED: Meaning = ['ERR_UNREACHABLE', 'too many files are open; raise the limit (ulimit -n)'];
const BROKEN: Meaning = ['ERR_CONNECTION_LOST', 'the connection broke'];

const meanings: ReadonlyMap<string, Meaning> = new Map([
  ['ECONNREFUSED', REFUSED],
  ['ENOENT', REFUSED],
  ['ENOTFOUND', UNKNOWN_NAME],
  ['EHOSTUNREACH', NO_WAY],
  ['ENETUNREACH', NO_WAY],
  ['ENETDOWN', NO_WAY],
  ['EHOSTDOWN', NO_WAY],
  ['EADDRNOTAVAIL', NO_WAY],
  ['EAFNOSUPPORT', NO_WAY],
  ['EINVAL', NO_WAY],
  ['ENOTDIR', NO_WAY],
  ['EACCES', FORBIDDEN],
  ['EPERM', FORBIDDEN],
  ['EMFILE', EXHAUSTED],
  ['ENFILE', EXHAUSTED],
  ['EAGAIN', ['ERR_UNREACHABLE', 'it takes no further connections at the moment']],
  ['ETIMEDOUT', ['ERR_TIMEOUT', 'no answer from there; does a firewall let it through?']],
]);

/** Why a connection could not be opened, or broke. */
export function connectionFault(cause: Error, address: string): MasterlessError {
  if (cause instanceof MasterlessError) return cause;
  const causes = cause instanceof AggregateError ? (cause.errors as Error[]) : [cause];
  const found = causes.map(meaningOf);
  // Of several addresses of one name, the one whose machine answered tells most.
  const [code, meaning] = found.find((each) => each === REFUSED) ?? found[0] ?? BROKEN;
  const system = [...new Set(causes.map((each) => (each as SystemError).code ?? each.message))].join(', ');
  return new MasterlessError(code, `${address}: ${meaning} (${system})`, { cause });
}

/** @param advice - what to do, by the system's code */
export function listenFault(
  cause: SystemError,
  uri: string,
  advice: Readonly<Partial<Record<string, string>>>,
): MasterlessError {
  const { code = '' } = cause;
  const known = advice[code];
  const why = known === undefined ? cause.message : `${known} (${code})`;
  return new MasterlessError('ERR_LISTEN', `can't listen at ${uri}: ${why}`, { cause });
}

function meaningOf(cause: SystemError): Meaning {
  const { code = '' } = cause;
  return meanings.get(code) ?? (code.startsWith('EAI_') ? UNKNOWN_NAME : BROKEN);
}
