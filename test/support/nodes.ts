/** Nodes over real sockets, closed at the end of each test. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { Server, type ServerOptions } from '../../src/index.js';
import { heard, within } from './events.js';
import { Network } from './proxy.js';

const nodes = new Set<Pick<Server, 'id' | 'close'>>();
const others = new Set<() => Promise<unknown>>();

/** For the end of the running test, whatever becomes of it, when its nodes are closed. */
export function atEnd(cleanup: () => Promise<unknown>): void {
  others.add(cleanup);
}

afterEach(async () => {
  const [closing, cleanups] = [[...nodes], [...others]];
  nodes.clear();
  others.clear();
  await Promise.all(closing.map((made) => within(made.close(), `closing ${made.id}`)));
  await Promise.all(cleanups.map((cleanup) => cleanup()));
});

/** A node that is closed at the end of the test. It has half a second for its farewell then. */
export function node<P = unknown>(id: string, options: ServerOptions = {}): Server<P> {
  const made = new Server<P>(id, { closeTimeout: 500, ...options });
  nodes.add(made);
  return made;
}

/** The same, and its address once it listens. */
export async function listening<P = unknown>(
  id: string,
  options: ServerOptions = {},
): Promise<{ node: Server<P>; uri: string }> {
  const made = node<P>(id, options);
  const [uri] = await heard(made, 'listening');
  return { node: made, uri };
}

/** Two nodes with a link, dialled by the first, which does not listen. */
export async function linked<P = unknown>(
  options: { readonly a?: ServerOptions; readonly b?: ServerOptions } = {},
): Promise<{ a: Server<P>; b: Server<P>; uri: string }> {
  const { node: b, uri } = await listening<P>('b', options.b);
  const a = node<P>('a', { listen: [], ...options.a });
  const there = heard(b, 'connect');
  await within(a.connect(uri), 'linking a to b');
  await there;
  return { a, b, uri };
}

/** The same through a proxy, around which there is no way. */
export async function proxied<P = unknown>(
  options: { readonly a?: ServerOptions; readonly b?: ServerOptions } = {},
): Promise<{ a: Server<P>; b: Server<P>; proxy: Network }> {
  const { node: b, proxy } = await behindProxy<P>('b', options.b);
  const a = node<P>('a', { listen: [], ...options.a });
  const there = heard(b, 'connect');
  await within(a.connect(proxy.uri), 'linking a to b');
  await there;
  return { a, b, proxy };
}

/** A node that tells the address of its proxy and no other. */
export async function behindProxy<P = unknown>(
  id: string,
  options: ServerOptions = {},
): Promise<{ node: Server<P>; proxy: Network }> {
  const path = socketPath();
  const proxy = await Network.to({ path });
  atEnd(() => proxy.close());
  const { node } = await listening<P>(id, { listen: `unix://${path}`, advertise: proxy.uri, ...options });
  return { node, proxy };
}

/** Where a Unix socket can be made; it is removed at the end of the test. */
export function socketPath(): string {
  const path = join(tmpdir(), `masterless-${randomBytes(6).toString('hex')}.sock`);
  atEnd(async () => rmSync(path, { force: true }));
  return path;
}
