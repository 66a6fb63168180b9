/**
 * `unix:///absolute/path`: sockets in the file system, for processes on one machine. Not on Windows.
 */
import type { BigIntStats } from 'node:fs';
import { connect, createServer } from 'node:net';
import { builtins } from '../builtins.js';
import { acceptSocket, dialSocket, overServer } from './socket.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents, Transport } from './transport.js';
import { refuseUri, type UriKind, uriText } from './uri.js';

const KIND: UriKind = { name: 'a Unix socket', example: 'unix:///run/app.sock' };

/** What the system's address structure holds, less the closing zero; the smallest of the platforms. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103;

const ADVICE = {
  EADDRINUSE: 'another process listens there, or the file is something else; choose another path',
  // The system's own ENOENT, for a missing folder, arrives as this too.
  EACCES: 'its folder is missing, or this user may not write to it; create it, or choose another path',
} as const;

/** The transport over Unix domain sockets. */
export function unix(): Transport {
  return {
    scheme: 'unix',
    canonical: (uri) => format(parse(uri)),
    isLocal(uri) {
      parse(uri);
      return true;
    },
    listen,
    dial,
  };
}

function listen(uri: string, events: ListenerEvents): Listener {
  const path = parse(uri);
  const announced = format(path);
  const server = createServer((socket) => acceptSocket(socket, announced, events));
  let own: string | null = null;
  // Before that nobody can have come in its place.
  server.once('listening', () => {
    own = idOf(fileAt(path));
  });
  const close = (): void => leavingOthers(path, own, () => server.close());
  const listener = overServer(server, { uri, advice: ADVICE, announced: () => announced, close }, events);
  // Else the workers of a cluster share it, and whoever dials meets one or the other.
  clearStale(path, () => server.listen({ path, exclusive: true }));
  return listener;
}

function dial(uri: string, events: ConnectionEvents): Connection {
  return dialSocket({ path: parse(uri) }, uri, events);
}

/**
 * A process that was killed leaves its socket file behind: where nobody answers, it is removed. Between the question and
 * the removal another process may have done the same and listen already, so it must still be the same file. What remains
 * of that race lies between two calls of the system, which offers no removal of one certain file.
 */
function clearStale(path: string, then: () => void): void {
  const found = socketAt(path);
  if (found === null) {
    then();
    return;
  }
  const question = connect(path);
  question.once('connect', () => {
    question.destroy();
    then();
  });
  question.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED' && socketAt(path) === found) remove(path);
    then();
  });
}

/**
 * Closes a server that listens. The system's library then removes whatever is at its path, and that may be another's by now:
 * of a node that was started there after the file had been removed by hand. Such a file is out of the way meanwhile.
 * @param own - what its own file is; `null` while it is not known
 */
function leavingOthers(path: string, own: string | null, close: () => void): void {
  const found = idOf(fileAt(path));
  const aside = own === null || found === null || found === own ? null : `${path}.kept-${process.pid}`;
  const moved = aside !== null && move(path, aside);
  close();
  if (moved) move(aside, path);
}

/** What tells one socket file from a later one at the same path; `null` where there is none, or none to be seen. */
function socketAt(path: string): string | null {
  const file = fileAt(path);
  return file?.isSocket() ? `${idOf(file)} ${file.ctimeNs}` : null;
}

/** What no other file has for as long as this one is open, as that of a server is which listens. */
function idOf(file: BigIntStats | null): string | null {
  return file === null ? null : `${file.dev} ${file.ino}`;
}

function fileAt(path: string): BigIntStats | null {
  try {
    return builtins.fs.lstatSync(path, { bigint: true });
  } catch {
    return null;
  }
}

/** Whether it could. */
function move(from: string, to: string): boolean {
  try {
    builtins.fs.renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function remove(path: string): void {
  try {
    builtins.fs.rmSync(path, { force: true });
  } catch {
    // Then listening fails, and tells why.
  }
}

function format(path: string): string {
  return `unix://${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The path in a URI, with nothing in it that names the same file in more than one way, links and `..` aside. */
function parse(given: string): string {
  const uri = uriText(given, KIND);
  if (process.platform === 'win32') refuseUri(uri, { ...KIND, example: 'tcp://127.0.0.1:2435' }, 'Windows has none');
  const [, encoded] = /^unix:\/\/(\/.*)$/is.exec(uri) ?? refuseUri(uri, KIND, 'it does not begin with unix:///');
  if (encoded === undefined || /[?#]/.test(encoded)) refuseUri(uri, KIND, 'a ? or # in a path is written %3F or %23');
  const decoded = decode(encoded, uri);
  if (decoded.includes('\0') || /\/\.{0,2}$/.test(decoded)) refuseUri(uri, KIND, 'its path names no file');
  const path = decoded.replace(/\/(\.?\/)+/g, '/');
  const length = Buffer.byteLength(path);
  if (length > LONGEST_PATH) {
    refuseUri(uri, KIND, `its path has ${length} bytes, and the system takes ${LONGEST_PATH}: choose a shorter one`);
  }
  return path;
}

function decode(encoded: string, uri: string): string {
  try {
    const path = decodeURIComponent(encoded);
    // Half a surrogate pair, which no file name has.
    if (!/\p{Surrogate}/u.test(path)) return path;
  } catch {
    // Refused below.
  }
  return refuseUri(uri, KIND, 'its percent-encoding is broken, or it is no well-formed text');
}
