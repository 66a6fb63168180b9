/** Credentials that are exchanged while a lost link is being won back. */
import { expect, it } from 'vitest';
import { newSecret, type Server, type ServerOptions, type TlsOptions } from '../../src/index.js';
import { certificate, pem } from '../support/certificates.js';
import { heard, Log, within } from '../support/events.js';
import { atEnd, listening, node } from '../support/nodes.js';
import { Network } from '../support/proxy.js';

/** One who dials `m` through a proxy, has lost the link, and has just dialled again: nothing of that has arrived yet. */
async function redialling(
  id: string,
  own: ServerOptions,
  theirs: ServerOptions,
): Promise<{ dialler: Server<string>; m: Server<string>; log: Log<string> }> {
  const { node: m, uri } = await listening<string>('m', theirs);
  const proxy = await Network.to({ host: '127.0.0.1', port: Number(new URL(uri).port) });
  atEnd(() => proxy.close());
  const dialler = node<string>(id, { ...own, listen: [] });
  await within(dialler.connect(proxy.uri), 'linking');
  await dialler.ping('m');
  const lost = heard(dialler, 'reconnecting');
  proxy.break('reset');
  await lost;
  return { dialler, m, log: new Log(dialler) };
}

/** The packet arrives, and the link is there again without a further attempt. */
async function survives({ dialler, m, log }: Awaited<ReturnType<typeof redialling>>): Promise<void> {
  const there = heard(m, 'message');
  dialler.send('m', 'precious');
  expect(await there).toEqual([dialler.id, 'precious']);
  expect(log.names).toEqual(['reconnect']);
}

const [A, F] = [pem('authority.pem'), pem('foreign-authority.pem')];
const tls = (name: string, ...ca: string[]): { tls: TlsOptions } => ({ tls: certificate(name, { ca }) });

it('secrets, in three steps', async () => {
  const [old, next] = [newSecret(), newSecret()];
  const nodes = await redialling('a', { secret: old }, { secret: old });
  for (const secret of [[old, next], [next, old], next]) {
    nodes.m.rotate({ secret });
    nodes.dialler.rotate({ secret });
  }
  await survives(nodes);
});

it('certificates, from one authority to another', async () => {
  const nodes = await redialling('b', tls('b', A), tls('m', A));
  nodes.m.rotate(tls('m', A, F));
  nodes.dialler.rotate(tls('b', A, F));
  nodes.dialler.rotate(tls('b-foreign', A, F));
  nodes.m.rotate(tls('m', F));
  await survives(nodes);
});

it('an authority, which goes while one of the other shakes hands', async () => {
  let [asked, rotate] = [0, (): void => undefined];
  const authorize = (): boolean => {
    // Of the link that is lost, and then of the one that is to come.
    if (++asked === 2) rotate();
    return true;
  };
  const nodes = await redialling('b', tls('b-foreign', A, F), { ...tls('m', A, F), authorize });
  rotate = () => nodes.m.rotate(tls('m', F));
  await survives(nodes);
  expect(asked).toBe(3);
});
