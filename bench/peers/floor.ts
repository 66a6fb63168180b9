/**
 * The floor: what somebody writes by hand who needs nothing but speed. `node:net` or `node:tls`, a length and msgpackr, one
 * write per turn of the event loop. No ids, no acknowledgements, no limits, no reconnecting, and the decoder trusts what comes.
 */
import type { Socket } from 'node:net';
import { loadCodec } from '../codec.js';
import type { Hear, Hub, Peer, PeerInfo, Reach, Side, Wish } from '../peer.js';
import { inBatches } from './batches.js';
import { FrameWriter, readFrames } from './frames.js';
import { Links } from './links.js';
import { addressOf, dialAt, listenAt, roomIn } from './sockets.js';

export const floor: PeerInfo = {
  name: 'floor',
  title: 'floor',
  remark: 'node:net, four bytes of length, msgpackr, one write per turn of the event loop; nothing else',
  transports: ['tcp', 'unix', 'secret', 'tls'],
  packages: [],
  native: false,
  reconnects: false,
  exactlyOnce: false,
  load: async () => load(),
};

/** The very same once more: how far two equal programs differ in a run is the noise of that run. */
export const floorAgain: PeerInfo = {
  ...floor,
  name: 'floor-again',
  title: 'floor, again',
  remark: 'the same program; what it differs by is noise',
};

interface End {
  readonly socket: Socket;
  readonly writer: FrameWriter;
}

function load(): Peer {
  const { encode, decode } = loadCodec();

  async function listen(wish: Wish, hear: Hear): Promise<Hub> {
    const links = new Links<End>();
    const server = await listenAt(wish, (socket) => {
      let link = -1;
      const read = readFrames((payload) => {
        if (link >= 0) {
          hear(link, decode(payload));
          return;
        }
        link = payload.readUInt32BE(0);
        links.set(link, { socket, writer: new FrameWriter(socket) });
      });
      socket.on('data', read);
      socket.on('error', () => socket.destroy());
    });
    return {
      addresses: [addressOf(server)],
      ready: (count) => links.reach(count),
      send: (link, packet) => {
        links.ends[link]?.writer.write(encode(packet));
        return links.ends[link] !== undefined;
      },
      broadcast(packet) {
        const payload = encode(packet);
        for (const end of links.ends) end?.writer.write(payload);
      },
      async room() {
        for (const end of links.ends) if (end?.socket.writableNeedDrain) await roomIn(end.socket);
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  async function dial({ addresses, first, count }: Reach, wish: Wish, hear: Hear): Promise<Side> {
    const [address] = addresses;
    if (address === undefined) throw new Error('no address');
    const ends = await inBatches(count, async (index) => {
      const socket = await dialAt(address, wish);
      const writer = new FrameWriter(socket);
      socket.on(
        'data',
        readFrames((payload) => hear(first + index, decode(payload))),
      );
      socket.on('error', () => socket.destroy());
      const hello = Buffer.allocUnsafe(4);
      hello.writeUInt32BE(first + index, 0);
      writer.write(hello);
      return { socket, writer };
    });
    return {
      send(link, packet) {
        ends[link - first]?.writer.write(encode(packet));
        return true;
      },
      async room() {
        for (const { socket } of ends) await roomIn(socket);
      },
    };
  }

  return { listen, dial };
}
