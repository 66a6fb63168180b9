import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { statistics } from '../../src/cli/ping.js';
import { Server } from '../../src/index.js';
import { endAll, run } from './support/command.js';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await endAll();
});

async function listening(id: string): Promise<[Server, string]> {
  const server = new Server(id);
  servers.push(server);
  const [uri] = await once(server, 'listening');
  return [server, String(uri)];
}

describe('masterless ping', () => {
  it('tells who is there, the protocol, and how long it took', async () => {
    const [, uri] = await listening('b');
    const { code, stdout, stderr } = await run(['ping', uri, '--count', '3']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^b: protocol 1, incarnation [0-9a-f]{16}\n3 of 3 answered, min \/ avg \/ max [\d.]+ \/ [\d.]+ \/ [\d.]+ ms\n$/,
    );
  });

  it('tells it in JSON', async () => {
    const [, uri] = await listening('b');
    const { code, stdout } = await run(['ping', uri, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      uri,
      id: 'b',
      version: 1,
      sent: 5,
      answered: 5,
      min: expect.any(Number),
    });
  });

  it('says in one line that nobody is there, with code 1', async () => {
    const [server, uri] = await listening('b');
    await server.close();
    const { code, stdout, stderr } = await run(['ping', uri]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^[^\n]*tcp:[^\n]*\n$/);
  });

  it.each([1, 6])('waits %i s for somebody who says nothing, as long as it is told to', async (seconds) => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const begun = performance.now();
    const { port } = silent.address() as AddressInfo;
    const { code, stderr } = await run(['ping', `tcp://127.0.0.1:${port}`, '--timeout', String(seconds)]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^tcp:.*:${port}\\b.*(in time|within ${seconds} s)`)),
    ]);
    expect(performance.now() - begun).toBeGreaterThan(seconds * 1000);
    silent.close();
  });
});

describe('statistics', () => {
  it('are of all times, or null', () => {
    expect(statistics([3, 1, 2])).toEqual({ min: 1, avg: 2, max: 3 });
    expect(statistics([])).toEqual({ min: null, avg: null, max: null });
  });
});
