/**
 * Keeps one connection from having the event loop for itself. The system hands over up to two megabytes of one socket in a
 * row, and bytes that are cheap to send can be dear to read: a million of the smallest frames, for instance. So a socket
 * whose bytes have kept this process busy for a while is not read until everybody else had a turn.
 *
 * It is measured in time, not in bytes: what flows fast is never held up. And it is for one turn only, so that signs of
 * life and acknowledgements are read as soon as before.
 */
import type { Socket } from 'node:net';

/** Milliseconds of work for one socket, after which others get their turn. */
const BUSY = 5;

/** Hands chunks on to `data`; what that takes counts. */
export function pacer(socket: Socket, data: (chunk: Uint8Array) => void): (chunk: Uint8Array) => void {
  let busy = 0;
  return (chunk) => {
    const begun = performance.now();
    data(chunk);
    busy += performance.now() - begun;
    if (busy < BUSY) return;
    busy = 0;
    socket.pause();
    setImmediate(goOn, socket);
  };
}

function goOn(socket: Socket): void {
  socket.resume();
}
