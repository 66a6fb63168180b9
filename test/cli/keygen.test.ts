import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Server, type TlsOptions } from '../../src/index.js';
import { outcome, watched } from '../support/entrance.js';
import { heard } from '../support/events.js';
import { linked, node } from '../support/nodes.js';
import { Command, endAll, PROGRAM, run } from './support/command.js';

const above = mkdtempSync(join(tmpdir(), 'masterless-keygen-'));
afterEach(endAll);
afterAll(() => rmSync(above, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => join(above, `${++folders}`);

/** The option `tls` that a user makes of the files. */
function tls(folder: string, id: string, more: Partial<TlsOptions> = {}): TlsOptions {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return { key: read(`${id}-key.pem`), cert: read(`${id}.pem`), ca: read('ca.pem'), ...more };
}

describe('masterless keygen', () => {
  it('prints a secret that a node takes, another each time', async () => {
    const [first, second] = await Promise.all([run(['keygen']), run(['keygen'])]);
    for (const { code, stdout, stderr } of [first, second]) {
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^masterless-secret-[\w-]{43}\n$/);
      await new Server('a', { secret: stdout.trim() }).close();
    }
    expect(first.stdout).not.toBe(second.stdout);
  });

  it.each([[['mine']], [['--size', '5']], [['--days', '5']]])('takes no %j', async (args) => {
    const { code, stdout } = await run(['keygen', ...args]);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('masterless keygen --ca', () => {
  it('makes certificates that two nodes link with', async () => {
    const folder = newFolder();
    const { code, stdout, stderr } = await run(['keygen', '--ca', folder, 'a', 'b', '--days', '30']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').map((line) => line.split(':')[0])).toEqual(['authority', 'a', 'b', '']);
    expect(stdout).not.toContain('PRIVATE');
    const { a, b } = await linked({ a: { tls: tls(folder, 'a') }, b: { tls: tls(folder, 'b') } });
    const there = heard(b, 'message');
    a.send('b', { n: 1 });
    expect(await there).toEqual(['a', { n: 1 }]);
  });

  it('lets nobody be somebody else, by the certificate of a member or by one of another authority', async () => {
    const [folder, foreign] = [newFolder(), newFolder()];
    for (const args of [
      [folder, 'a', 'b', 'cheat'],
      [foreign, 'a'],
    ]) {
      expect((await run(['keygen', '--ca', ...args])).code).toBe(0);
    }
    const { node: honest, uri, said } = await watched('b', { tls: tls(folder, 'b') });
    // A node of its own would refuse to claim what its certificate does not cover.
    const claims = { identity: 'authorize' } as const;
    const cheat = node('a', { tls: tls(folder, 'cheat', claims), authorize: () => true, listen: [] });
    expect(await outcome(cheat, uri)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
      message: expect.stringContaining('does not cover'),
    });
    await said('ERR_UNAUTHORIZED');
    const stranger = node('a', { tls: { ...tls(foreign, 'a'), ca: tls(folder, 'cheat').ca }, listen: [] });
    expect(await outcome(stranger, uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
    expect(honest.connections()).toEqual([]);
    const member = node('a', { tls: tls(folder, 'a'), listen: [] });
    expect(await outcome(member, uri)).toBe('b');
  });

  it('adds nodes to the authority that is there, and makes it alone', async () => {
    const folder = newFolder();
    expect(await run(['keygen', '--ca', folder])).toMatchObject({ code: 0, stderr: '' });
    for (const id of ['a', 'b']) {
      const { code, stdout } = await run(['keygen', '--ca', folder, id]);
      expect([code, stdout.split(':')[0]]).toEqual([0, id]);
    }
    await linked({ a: { tls: tls(folder, 'a') }, b: { tls: tls(folder, 'b') } });
  });

  it('makes nothing when one of the files is there, with code 1', async () => {
    const folder = newFolder();
    await run(['keygen', '--ca', folder, 'a']);
    for (const file of ['c-key.pem', 'd.pem']) writeFileSync(join(folder, file), 'mine');
    for (const id of ['a', 'c', 'd']) {
      const { code, stdout, stderr } = await run(['keygen', '--ca', folder, 'b', id]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^masterless keygen: [^\n]* is there already[^\n]*\n$/);
    }
    expect(existsSync(join(folder, 'b-key.pem'))).toBe(false);
    expect(readFileSync(join(folder, 'c-key.pem'), 'utf8')).toBe('mine');
  });

  it.each([[['a', 'ca']], [['a', '../a']], [['a', 'b,DNS:c']], [['a', '--days', '0']], [['a', '--days', '1001']]])(
    'refuses %j before it makes anything, with code 2',
    async (args) => {
      const folder = newFolder();
      const { code, stdout, stderr } = await run(['keygen', '--ca', folder, ...args]);
      expect([code, stdout, existsSync(folder)]).toEqual([2, '', false]);
      expect(stderr).toMatch(/^masterless keygen: [^\n]*--help\)\n$/);
    },
  );

  it('has nothing to do for an authority that is there and no id, which is a mistake', async () => {
    const folder = newFolder();
    await run(['keygen', '--ca', folder]);
    expect((await run(['keygen', '--ca', folder])).code).toBe(2);
    expect((await run(['keygen', '--ca', ''])).code).toBe(2);
    expect((await run(['keygen', '--ca'])).code).toBe(2);
  });

  it('says what to install where there is no openssl, with code 1', async () => {
    const folder = newFolder();
    const command = new Command(['keygen', '--ca', folder, 'a'], { more: { PATH: above } });
    const { code, stdout, stderr } = await command.ended();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^masterless keygen: [^\n]*install it[^\n]*\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('leaves nothing half made when it is interrupted, which is 130', async () => {
    const [folder, programs] = [newFolder(), newFolder()];
    mkdirSync(programs);
    // Interrupts whoever started it, and does not end by itself.
    writeFileSync(join(programs, 'openssl'), '#!/bin/sh\nkill -INT $PPID\nexec sleep 60\n', { mode: 0o700 });
    const PATH = [programs, process.env.PATH].join(delimiter);
    const { code, stdout, stderr } = await new Command(['keygen', '--ca', folder, 'a'], { more: { PATH } }).ended();
    expect([code, stdout, stderr]).toEqual([130, '', '']);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('leaves no part of a file where there is no more room, with code 1', () => {
    const folder = newFolder();
    // No file may be longer than 512 bytes, as if the disk were full then: a key is not, and a certificate is.
    const args = ['-c', 'ulimit -f 1 && exec "$@"', 'sh', process.execPath, PROGRAM, 'keygen', '--ca', folder];
    const { status, stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^masterless keygen: [^\n]* can't be written to \(EFBIG\)[^\n]*\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
