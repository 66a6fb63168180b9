/**
 * `unix:///absolute/path`: sockets in the file system, for processes on one machine. Not on Windows.
 */
import { lstatSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { MasterlessError } from '../errors.js';
import { overServer, overSocket } from './socket.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents, Transport } from './transport.js';

/** What the system's address structure holds, less the closing zero; the smallest of the platforms. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103;

/** The transport over Unix domain sockets. */
export function unix(): Transport {
  return {
    scheme: 'unix',
    canonical: (uri) => format(parse(uri)),
    isLocal: () => true,
    listen,
    dial,
  };
}

function listen(uri: string, events: ListenerEvents): Listener {
  const path = parse(uri);
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    let handler: ConnectionEvents | null = null;
    const connection = overSocket(socket, uri, () => handler as ConnectionEvents);
    handler = events.accept(connection);
    socket.on('data', (chunk) => handler.data(chunk));
  });
  const listener = overServer(server, events, uri, () => format(path));
  clearStale(path, () => server.listen(path));
  return listener;
}

function dial(uri: string, events: ConnectionEvents): Connection {
  const socket = connect(parse(uri));
  const connection = overSocket(socket, uri, () => events);
  socket.once('connect', () => events.open());
  socket.on('data', (chunk) => events.data(chunk));
  return connection;
}

/** A process that was killed leaves its socket file behind: where nobody answers, it is removed. */
function clearStale(path: string, then: () => void): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) {
    then();
    return;
  }
  const test = connect(path);
  test.once('connect', () => {
    test.destroy();
    then();
  });
  test.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') rmSync(path, { force: true });
    then();
  });
}

function format(path: string): string {
  return `unix://${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The path in a URI. */
function parse(uri: string): string {
  const encoded = /^unix:\/\/(\/[^?#]+)$/i.exec(uri)?.[1];
  if (encoded === undefined) fail(uri, 'it is not of the form unix:///absolute/path');
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch {
    fail(uri, 'its percent-encoding is broken');
  }
  if (path.includes('\0') || path.endsWith('/')) fail(uri, 'its path names no file');
  const length = Buffer.byteLength(path);
  if (length > LONGEST_PATH) fail(uri, `its path has ${length} bytes, and the system takes ${LONGEST_PATH}`);
  return path;
}

function fail(uri: string, why: string): never {
  throw new MasterlessError(
    'ERR_URI',
    `${JSON.stringify(uri)} is no Unix socket: ${why}; a right one is unix:///run/app.sock`,
  );
}
