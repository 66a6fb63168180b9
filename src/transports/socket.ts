/**
 * What the transports over `node:net` share: a socket as a Connection, a server as a Listener, and the system's errors in
 * this library's terms.
 */
import type { Server, Socket } from 'node:net';
import { type ErrorCode, MasterlessError } from '../errors.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents } from './transport.js';

/**
 * Joins a socket to a connection. The socket gets its error handler here, so this must be called in the turn in which
 * the socket came to be.
 */
export function overSocket(socket: Socket, remote: string, events: () => ConnectionEvents): Connection {
  let failure: Error | null = null;
  let over = false;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('drain', () => {
    if (!over) events().drain();
  });
  socket.on('close', () => {
    if (over) return;
    over = true;
    events().close(failure === null ? null : lost(failure, remote));
  });
  return {
    remote,
    get buffered() {
      return socket.writableLength;
    },
    write(chunks) {
      if (over || socket.writableEnded || socket.destroyed) return true;
      if (chunks.length === 1) return socket.write(chunks[0] as Uint8Array);
      // One writev for all of them.
      socket.cork();
      let more = true;
      for (const chunk of chunks) more = socket.write(chunk);
      socket.uncork();
      return more;
    },
    end() {
      if (!over && !socket.destroyed) socket.end();
    },
    destroy() {
      socket.destroy();
    },
  };
}

/** Joins a server to a listener; `address` makes the URI that others dial once it listens. */
export function overServer(server: Server, events: ListenerEvents, uri: string, address: () => string): Listener {
  let open = true;
  let done = false;
  const waiting: (() => void)[] = [];
  server.on('error', (cause) => {
    // Too many open files, say: one connection was missed, the listener goes on.
    if (server.listening) return;
    done = true;
    if (open) events.error(new MasterlessError('ERR_LISTEN', `can't listen at ${uri}: ${advice(cause)}`, { cause }));
    for (const callback of waiting.splice(0)) callback();
  });
  server.on('listening', () => {
    if (open) events.listening(address());
    else server.close();
  });
  server.on('close', () => {
    done = true;
    for (const callback of waiting.splice(0)) callback();
  });
  return {
    close(callback) {
      open = false;
      if (done) {
        process.nextTick(callback);
        return;
      }
      waiting.push(callback);
      if (server.listening) server.close();
    },
  };
}

/** An accepted or opened connection broke. */
function lost(cause: Error, where: string): MasterlessError {
  const system = (cause as NodeJS.ErrnoException).code ?? '';
  const code = CODES[system] ?? (cause instanceof AggregateError ? codeOfAll(cause) : 'ERR_CONNECTION_LOST');
  return new MasterlessError(
    code,
    `${where}: ${MEANINGS[code] ?? 'the connection broke'} (${system || cause.message})`,
    { cause },
  );
}

/** Several addresses of one name failed: what a later attempt may change counts most. */
function codeOfAll({ errors }: AggregateError): ErrorCode {
  const codes = errors.map((error: NodeJS.ErrnoException) => CODES[error.code ?? ''] ?? 'ERR_UNREACHABLE');
  return codes.find((code) => code === 'ERR_REFUSED') ?? codes[0] ?? 'ERR_UNREACHABLE';
}

const CODES: Readonly<Partial<Record<string, ErrorCode>>> = {
  ECONNREFUSED: 'ERR_REFUSED',
  ENOENT: 'ERR_REFUSED',
  ENOTFOUND: 'ERR_UNREACHABLE',
  EAI_AGAIN: 'ERR_UNREACHABLE',
  EAI_FAIL: 'ERR_UNREACHABLE',
  EAI_NODATA: 'ERR_UNREACHABLE',
  EAI_NONAME: 'ERR_UNREACHABLE',
  EHOSTUNREACH: 'ERR_UNREACHABLE',
  ENETUNREACH: 'ERR_UNREACHABLE',
  EADDRNOTAVAIL: 'ERR_UNREACHABLE',
  EACCES: 'ERR_UNREACHABLE',
  EPERM: 'ERR_UNREACHABLE',
  EINVAL: 'ERR_UNREACHABLE',
  EMFILE: 'ERR_UNREACHABLE',
  ETIMEDOUT: 'ERR_TIMEOUT',
};

const MEANINGS: Readonly<Partial<Record<ErrorCode, string>>> = {
  ERR_REFUSED: 'nobody listens there; is the node running, and is this its address?',
  ERR_UNREACHABLE: "the address can't be reached; check its name and the network",
  ERR_TIMEOUT: 'no answer from there; does a firewall let it through?',
};

function advice(cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return 'the address is in use; choose another, or port 0 for any free one (EADDRINUSE)';
    case 'EACCES':
      return 'this user may not; choose a port above 1023 or a folder it may write to (EACCES)';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address (EADDRNOTAVAIL)';
    case 'ENOTFOUND':
      return 'the host name is unknown (ENOTFOUND)';
    default:
      return cause.message;
  }
}
