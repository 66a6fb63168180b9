/**
 * A transport of the application. It may hand on what it is given to hear apart from the object that it belongs to
 * (`socket.on('data', events.data)`), so each function is bound to it; transports of our own save that memory.
 */
import type { ConnectionEvents, Listener, ListenerEvents, Connection as Stream, Transport } from './transport.js';

export function detached(transport: Transport): Transport {
  return {
    scheme: transport.scheme,
    get secure() {
      return transport.secure === true;
    },
    canonical: (uri) => transport.canonical(uri),
    isLocal: (uri) => transport.isLocal(uri),
    listen: (uri, events) => listen(transport, uri, events),
    dial: (uri, events, elsewhere) => transport.dial(uri, bound(events), elsewhere),
  };
}

function listen(transport: Transport, uri: string, events: ListenerEvents): Listener {
  return transport.listen(uri, {
    listening: (at) => events.listening(at),
    error: (error) => events.error(error),
    accept: (stream: Stream) => bound(events.accept(stream)),
  });
}

function bound(events: ConnectionEvents): ConnectionEvents {
  return {
    open: () => events.open(),
    refused: (error) => events.refused?.(error),
    data: (chunk) => events.data(chunk),
    drain: () => events.drain(),
    close: (error) => events.close(error),
  };
}
