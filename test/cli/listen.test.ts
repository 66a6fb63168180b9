import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Server } from '../../src/index.js';
import { Command, endAll, run } from './support/command.js';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await endAll();
});

async function peerOf(command: Command, id = 'a'): Promise<Server> {
  const server = new Server(id, { listen: [] });
  servers.push(server);
  await server.connect(await command.address());
  return server;
}

async function isThere(uri: string): Promise<boolean> {
  const socket = connect(Number(new URL(uri).port), '127.0.0.1');
  return once(socket, 'connect').then(
    () => {
      socket.destroy();
      return true;
    },
    () => false,
  );
}

describe('masterless listen', () => {
  it('prints packets of every kind, and ends with 0 when all have said goodbye', async () => {
    const listen = new Command(['listen', '--id', 'b']);
    const server = await peerOf(listen);
    for (const packet of ['text', { n: 1 }, new Uint8Array([1]), new Date(0), 5n, Number.NaN]) server.send('b', packet);
    await server.close();
    const { code, stdout, stderr } = await listen.ended();
    expect(stdout.split('\n')).toEqual([
      '{"from":"a","packet":"text"}',
      '{"from":"a","packet":{"n":1}}',
      '{"from":"a","packet":{"$bytes":"AQ=="}}',
      '{"from":"a","packet":{"$date":"1970-01-01T00:00:00.000Z"}}',
      '{"from":"a","packet":{"$bigint":"5"}}',
      '{"from":"a","packet":{"$number":"NaN"}}',
      '',
    ]);
    expect(stderr).toMatch(/^listening at tcp:\/\/127\.0\.0\.1:\d+ as b\n$/);
    expect(code).toBe(0);
  });

  it('prints what a peer calls itself so that no terminal obeys it', async () => {
    const listen = new Command(['listen', '--id', 'b']);
    const id = 'a\u001b[2J\nlistening at b\u009b\u202e';
    const server = await peerOf(listen, id);
    await server.deliver('b', '\u009b2J');
    listen.child.kill('SIGINT');
    const { stdout } = await listen.ended();
    expect(stdout).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(stdout)).toEqual({ from: id, packet: '\u009b2J' });
  });

  it('tells of a peer that was lost without obeying its name', async () => {
    const listen = new Command(['listen', '--id', 'b']);
    const server = await peerOf(listen, 'a\u001b[2J\nall is well\u009b');
    const twin = new Server(server.id, { listen: [] });
    servers.push(twin);
    await expect(twin.connect(await listen.address())).rejects.toMatchObject({ code: 'ERR_ID_IN_USE' });
    await server.close();
    const { stderr } = await listen.ended();
    expect(stderr).toMatch(/^listening at [^\n]*\ntwo nodes claim the id a\\u001b\[2J\\u000aall is well\\u009b\n/);
  });

  it('goes on with --keep-going until ^C, which is 130', async () => {
    const listen = new Command(['listen', '--keep-going']);
    await (await peerOf(listen, 'a1')).close();
    const second = await peerOf(listen, 'a2');
    // So that the link is known at both ends.
    await second.ping(second.connections()[0] ?? '');
    listen.child.kill('SIGINT');
    const [, reason] = await once(second, 'disconnect');
    expect(reason).toBe('closed');
    expect(await listen.ended()).toMatchObject({ code: 130, stdout: '' });
  });

  it('says in one line that stdout was closed, with code 1', async () => {
    const listen = new Command(['listen', '--id', 'b'], { keep: false });
    const server = await peerOf(listen);
    server.send('b', 'first');
    const [line] = await once(listen.child.stdout, 'data');
    expect(String(line)).toBe('{"from":"a","packet":"first"}\n');
    listen.child.stdout.destroy();
    await once(listen.child.stdout, 'close');
    server.send('b', 'second');
    const { code, stderr } = await listen.ended();
    expect(code).toBe(1);
    expect(stderr.split('\n').slice(1)).toEqual(['stdout was closed; packets taken and not written: 1', '']);
  });

  it('holds senders back when stdout is not read, and prints all when it is', async () => {
    const listen = new Command(['listen', '--id', 'b'], { keep: false });
    const server = await peerOf(listen);
    const packet = 'x'.repeat(10_000);
    let sent = 0;
    while (server.send('b', packet)) sent++;
    expect(sent).toBeLessThan(10_000);
    let had = false;
    const flushed = server.flush('b').then(() => {
      had = true;
    });
    // What fits into a pipe is far less than what was sent, so some is held back for as long as nobody reads.
    await server.ping('b');
    await server.ping('b');
    expect(had).toBe(false);
    let bytes = 0;
    listen.child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await flushed;
    await server.close();
    expect(await listen.ended()).toMatchObject({ code: 0 });
    expect(bytes).toBe(sent * ('{"from":"a","packet":""}\n'.length + packet.length));
  });

  describe('whose stdout nobody reads', () => {
    /** More than a pipe holds. */
    const packet = 'x'.repeat(1024 * 1024);

    it('ends a second after SIGTERM, and says what was taken and is not written', async () => {
      const listen = new Command(['listen', '--id', 'b'], { keep: false });
      const server = await peerOf(listen);
      await server.deliver('b', packet);
      listen.child.kill('SIGTERM');
      const { code, stderr } = await listen.ended();
      expect([code, stderr.split('\n').slice(1)]).toEqual([
        143,
        ['stdout is not read; packets taken and not written: 1', ''],
      ]);
    });

    it('does so too when it has said goodbye to all and only waits for stdout', async () => {
      const listen = new Command(['listen', '--id', 'b'], { keep: false });
      const server = await peerOf(listen);
      await server.deliver('b', packet);
      await server.close();
      // Its node is closed when nobody listens there any more.
      while (await isThere(await listen.address()));
      listen.child.kill('SIGINT');
      const { code, stderr } = await listen.ended();
      expect([code, stderr.split('\n').slice(1)]).toEqual([
        130,
        ['stdout is not read; packets taken and not written: 1', ''],
      ]);
    });
  });

  it('ends with 1 when its address is taken', async () => {
    const port = new URL(await new Command(['listen']).address()).port;
    const { code, stdout, stderr } = await run(['listen', '--port', port]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^masterless listen: [^\n]*\n$/);
  });

  it('tells the world in JSON with --json', async () => {
    const listen = new Command(['listen', '--id', 'b', '--json']);
    const [line] = await listen.says('stderr', /^.*\n/);
    const { listening, ...rest } = JSON.parse(line) as { listening: string };
    expect([new URL(listening).protocol, rest]).toEqual(['tcp:', { id: 'b' }]);
    const { code, stderr } = await run(['listen', '--json', '--listen', listening]);
    expect([code, JSON.parse(stderr)]).toEqual([1, { error: expect.stringContaining(listening), code: 'ERR_LISTEN' }]);
  });
});
