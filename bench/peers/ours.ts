/**
 * This library as it is published, from `dist`. Acknowledgement, sessions, limits and strict decoding are on, as they always
 * are; options have their defaults, but for the window where a workload asks for one, endpoints that only dial, and
 * credentials over TLS. All nodes have one certificate then, so its names are not looked at.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Server, ServerOptions } from '../../src/index.js';
import { certificate, SECRET } from '../credentials.js';
import type { Address, Hear, Hub, Peer, PeerInfo, Reach, Side, TransportName, Wish } from '../peer.js';
import { ROOT } from '../root.js';
import { inBatches } from './batches.js';

type Node = Server<unknown>;
type Library = { readonly Server: typeof Server };

/** What one burst of small packets takes of a window at most. */
const BURST_BYTES = 256 * 1024;

export const ENTRY: string = join(ROOT, 'dist/index.js');

export const ours: PeerInfo = {
  name: 'ours',
  title: 'masterless',
  remark: 'default options: sessions, acknowledgements, credit, limits and strict decoding are all on',
  transports: ['tcp', 'unix', 'secret', 'tls'],
  packages: [],
  native: false,
  reconnects: true,
  exactlyOnce: true,
  async load() {
    const { Server } = (await import(pathToFileURL(ENTRY).href)) as Library;
    return made(Server);
  },
};

function made(Constructor: Library['Server']): Peer {
  const wished = ({ transport, window }: Wish): ServerOptions => ({
    ...credentials(transport),
    ...(window === null ? {} : { window, totalWindow: 2 * window }),
  });

  async function listen(wish: Wish, hear: Hear): Promise<Hub> {
    const hubs: Node[] = [];
    const linkOf = new Map<string, number>();
    for (let index = 0; index < wish.hubs; index++) {
      const uri = wish.transport === 'unix' ? `unix://${wish.path}${index}` : 'tcp://127.0.0.1:0';
      const node: Node = new Constructor(`hub-${index}`, { listen: [uri], ...wished(wish) });
      node.on('message', (sender, packet) => hear((linkOf.get(sender) as number) + index, packet as never));
      node.on('error', fail);
      await once(node, 'listening');
      hubs.push(node);
    }
    const [hub] = hubs as [Node];
    /** Link `n` is of hub `n % hubs` and of endpoint `n / hubs`; one hub has them all, as applications do. */
    const ids: string[] = [];
    /** Room for what was refused last. */
    let drained: Promise<unknown> | null = null;
    return {
      addresses: hubs.map((node) => dialled(node.info() ?? '')),
      async ready(links) {
        for (let link = ids.length; link < links; link++) {
          const id = endpoint(link, wish.hubs);
          ids.push(id);
          linkOf.set(id, link - (link % wish.hubs));
        }
        for (const [index, node] of hubs.entries()) {
          const wanted = Math.ceil((links - index) / hubs.length);
          while (node.connections().length < wanted) await once(node, 'connect');
        }
      },
      send(link, packet) {
        const node = hubs[link % hubs.length] as Node;
        const taken = node.send(ids[link] as string, packet);
        if (!taken) drained = once(node, 'drain');
        return taken;
      },
      broadcast(packet) {
        if (hub.send(ids, packet) < ids.length) throw new Error('a packet was refused, though there was room');
      },
      async room() {
        await new Promise((resolve) => setImmediate(resolve));
        // There is room for a packet of the size that was refused.
        await drained;
        drained = null;
        for (const [link, id] of ids.entries()) await writable(hubs[link % hubs.length] as Node, id);
      },
    };
  }

  async function dial({ addresses, first, count }: Reach, wish: Wish, hear: Hear): Promise<Side> {
    const nodes = new Map<string, Node>();
    const node = (link: number): Node => nodes.get(endpoint(link, wish.hubs)) ?? start(link);
    const start = (link: number): Node => {
      const id = endpoint(link, wish.hubs);
      const made: Node = new Constructor(id, { listen: [], ...wished(wish) });
      const base = Math.floor(link / wish.hubs) * wish.hubs;
      if (wish.hubs === 1) made.on('message', (_, packet) => hear(link, packet as never));
      else made.on('message', (sender, packet) => hear(base + Number(sender.slice('hub-'.length)), packet as never));
      made.on('error', fail);
      nodes.set(id, made);
      return made;
    };
    await inBatches(count, (index) => {
      const link = first + index;
      return node(link).connect(uriOf(addresses[link % wish.hubs] as Address), { id: `hub-${link % wish.hubs}` });
    });
    return {
      send: (link, packet) => node(link).send(`hub-${link % wish.hubs}`, packet),
      async room() {
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  return { listen, dial };
}

function credentials(transport: TransportName): ServerOptions {
  if (transport === 'secret') return { secret: SECRET };
  if (transport !== 'tls') return {};
  // A link without certificates would be cheap, and is none.
  return { tls: { ...certificate(), identity: 'authorize' }, authorize: (_id, claim) => claim.certificate !== null };
}

async function writable(node: Node, id: string): Promise<void> {
  while (!node.writable(id, BURST_BYTES)) await once(node, 'drain');
}

function endpoint(link: number, hubs: number): string {
  return `end-${Math.floor(link / hubs)}`;
}

function dialled(uri: string): Address {
  const { protocol, hostname, port, pathname } = new URL(uri);
  return protocol === 'unix:' ? { path: pathname } : { host: hostname, port: Number(port) };
}

function uriOf(address: Address): string {
  return 'path' in address ? `unix://${address.path}` : `tcp://${address.host}:${address.port}`;
}

function fail(error: Error): never {
  throw error;
}
