/** Numbers as packets for an inbox: every third waits as bytes. */
import type { Inbox, InboxEvents } from '../../src/delivery/inbox.js';

export function contentOf(packet: number): Parameters<Inbox<number>['add']>[0] {
  return packet % 3 === 0 ? { sender: 'p', bytes: bytesOf(packet) } : { sender: 'p', packet };
}

/** Of a number below 0, bytes that are no packet. */
export function bytesOf(packet: number): Uint8Array {
  return packet < 0 ? new Uint8Array(0) : Uint8Array.of(packet >> 8, packet & 0xff);
}

/** Events of which a test gives those that it looks at. */
export function inboxEvents(
  given: Partial<InboxEvents<number>> & Pick<InboxEvents<number>, 'emit'>,
): InboxEvents<number> {
  return {
    handled: () => undefined,
    left: () => undefined,
    decode: ([high, low]) => {
      if (high === undefined || low === undefined) throw new Error('no packet');
      return high * 256 + low;
    },
    spoilt: (receipt, error) => {
      throw new Error(`packet ${receipt.sequence}`, { cause: error });
    },
    ...given,
  };
}
