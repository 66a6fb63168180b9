// Nodes that dial those of another process, each another, all at the same moment; a batch at a time.
import { once } from 'node:events';
import { setTimeout as pass } from 'node:timers/promises';
import { Server } from '../../../dist/index.js';

let chance = Number(process.argv[2]);
let nodes = [];
const events = [];
const got = [];

const orders = {
  async make({ first, size }) {
    nodes = Array.from({ length: size }, (_, i) => {
      // Random letters, so that either side's is the greater.
      chance = (Math.imul(chance, 1_103_515_245) + 12_345) >>> 0;
      const id = `${chance.toString(36)}-${process.pid}-${first + i}`;
      // However busy the machine is.
      return new Server(id, { resumeWindow: 60_000, handshakeTimeout: 30_000 });
    });
    for (const [i, node] of nodes.entries()) {
      events[i] = [];
      got[i] = [];
      for (const event of ['connect', 'disconnect', 'reconnecting', 'reconnect', 'undelivered', 'conflict']) {
        node.on(event, () => events[i].push(event));
      }
      node.on('message', (_sender, packet) => got[i].push(packet));
    }
    await Promise.all(nodes.map((node) => once(node, 'listening')));
    return { ids: nodes.map((node) => node.id), uris: nodes.map((node) => node.info()) };
  },
  async race({ peers, uris }) {
    await Promise.all(nodes.map((node, i) => node.connect(uris[i])));
    await Promise.all(nodes.map((node, i) => node.deliver(peers[i], 'hello')));
    while (got.some((packets, i) => i < nodes.length && packets.length === 0)) await pass(1);
    return { events: events.slice(0, nodes.length), got: got.slice(0, nodes.length) };
  },
  /** Answers when exactly so many connections are open. */
  async sockets({ count }) {
    while (process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length !== count) await pass(5);
    return count;
  },
  async close() {
    await Promise.all(nodes.map((node) => node.close()));
    nodes = [];
    return orders.sockets({ count: 0 });
  },
};

async function obey({ order, ...rest }) {
  if (order === 'end') process.disconnect();
  else process.send(await orders[order](rest));
}

process.on('message', (message) => void obey(message));
