/** A transport that counts what is opened through it. */
import type { Connection, ConnectionEvents, ListenerEvents, Transport } from '../../src/index.js';

export interface Counts {
  /** Connections dialled, and those that came in. */
  dialled: number;
  accepted: number;
  /** Connections open now, dialled or accepted. */
  open: number;
  /** Bytes that arrived. */
  bytes: number;
}

/** The transport, and what was counted so far. */
export function counting(inner: Transport): { readonly transport: Transport; readonly counts: Counts } {
  const counts: Counts = { dialled: 0, accepted: 0, open: 0, bytes: 0 };
  const counted = (events: ConnectionEvents, isOpen: boolean): ConnectionEvents => {
    let opened = isOpen;
    if (opened) counts.open++;
    return {
      open: () => {
        opened = true;
        counts.open++;
        events.open();
      },
      data: (chunk) => {
        counts.bytes += chunk.length;
        events.data(chunk);
      },
      drain: () => events.drain(),
      close: (error) => {
        if (opened) counts.open--;
        events.close(error);
      },
    };
  };
  const transport: Transport = {
    scheme: inner.scheme,
    canonical: (uri) => inner.canonical(uri),
    isLocal: (uri) => inner.isLocal(uri),
    dial: (uri, events) => {
      counts.dialled++;
      return inner.dial(uri, counted(events, false));
    },
    listen: (uri, events: ListenerEvents) =>
      inner.listen(uri, {
        listening: (bound) => events.listening(bound),
        error: (error) => events.error(error),
        accept: (connection: Connection) => {
          counts.accepted++;
          return counted(events.accept(connection), true);
        },
      }),
  };
  return { transport, counts };
}
