/**
 * What the transports over `node:net` share: a socket as a Connection, a server as a Listener.
 *
 * A socket gets its error handler in the turn in which it comes to be. `net` tells everything in a later turn than that of
 * the call that caused it, which is what the rules of transport.ts ask for.
 */
import { connect, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { MasterlessError } from '../errors.js';
import { timers } from '../timers.js';
import { listenFault } from './faults.js';
import { reading, SocketConnection } from './socket-connection.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents } from './transport.js';

/** Opens a connection. */
export function dialSocket(where: NetConnectOpts, uri: string, events: ConnectionEvents): Connection {
  const socket = reading((options) => connect({ ...where, ...options }));
  socket.once('connect', () => {
    if (isOwnEcho(socket)) socket.destroy(ownEcho(uri));
    else events.open();
  });
  return new SocketConnection(socket, uri, events);
}

/** Hands a socket that came in to the listener. */
export function acceptSocket(socket: Socket, remote: string, listener: ListenerEvents): void {
  const connection = new SocketConnection(socket, remote);
  // `net` calls nothing while `accept` runs, so the events are there when the first comes.
  connection.events = listener.accept(connection);
}

/**
 * Whether a socket is connected to itself: dialling a free local port, the system may choose that very port for this end,
 * and the two meet. The ghost would also keep the real owner of the port from listening again.
 */
export function isOwnEcho(socket: Socket): boolean {
  const { localPort, remotePort, localAddress, remoteAddress } = socket;
  return localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;
}

/** The end of a stream that was joined to itself. */
export function ownEcho(uri: string): MasterlessError {
  return new MasterlessError('ERR_REFUSED', `${uri}: nobody listens there; the system joined it to itself`);
}

/** What makes a server a listener at one kind of address. */
export interface ServerPlace {
  readonly uri: string;
  /** What to do about an error of listening, by the system's code. */
  readonly advice: Readonly<Partial<Record<string, string>>>;
  /** The URI that others dial, once the server listens. */
  announced(): string;
  /** Closes the server that listens. @default `server.close()` */
  close?(): void;
}

/** Joins a server that is about to listen to a listener. */
export function overServer(server: Server, place: ServerPlace, events: ListenerEvents): Listener {
  let wanted = true;
  let free = false;
  const waiting: (() => void)[] = [];
  const freed = (): void => {
    free = true;
    for (const callback of waiting.splice(0)) callback();
  };
  const shut = (): void => {
    // Its own callback waits for the connections too; the address is free as soon as the handle is closed.
    if (place.close === undefined) server.close();
    else place.close();
    timers.setImmediate(freed);
  };
  server.on('error', (cause) => {
    // Too many open files, say: one connection was missed, the listener goes on.
    if (server.listening) return;
    if (wanted) events.error(listenFault(cause, place.uri, place.advice));
    freed();
  });
  server.once('listening', () => {
    if (wanted) events.listening(place.announced());
    else shut();
  });
  return {
    close(callback) {
      wanted = false;
      if (free) {
        timers.setImmediate(callback);
        return;
      }
      // Of a server that is still about to listen, whose host is being looked up say, nothing is held yet: it is shut if it does.
      if (!server.listening) {
        timers.setImmediate(callback);
        return;
      }
      waiting.push(callback);
      shut();
    },
  };
}
