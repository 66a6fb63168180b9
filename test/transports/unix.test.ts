import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { unix } from '../../src/transports/unix.js';
import { onBench } from './bench.js';
import { compliance } from './compliance.js';

const folder = mkdtempSync(join(tmpdir(), 'masterless-unix-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const freePath = (): string => join(folder, `${++files}.sock`);
const free = (): string => `unix://${freePath()}`;
const { canonical } = unix();

describe.skipIf(process.platform === 'win32')('unix', () => {
  compliance({ transport: unix(), free });

  describe('addresses', () => {
    it.each([
      ['unix:///run/app.sock', 'unix:///run/app.sock'],
      ['UNIX:///Run/App', 'unix:///Run/App'],
      ['unix:///a//b/./c', 'unix:///a/b/c'],
      ['unix:////a', 'unix:///a'],
      ['unix:///a b/ü', 'unix:///a%20b/%C3%BC'],
      ['unix:///a%20b%3f%23', 'unix:///a%20b%3F%23'],
      ['unix:///%61', 'unix:///a'],
      ['unix:///a@b:c', 'unix:///a%40b%3Ac'],
      ['unix:///..a/b..', 'unix:///..a/b..'],
      [`unix:///${'x'.repeat(102)}`, `unix:///${'x'.repeat(102)}`],
    ])('%s is %s', (uri, expected) => {
      expect(canonical(uri)).toBe(expected);
      expect(canonical(expected)).toBe(expected);
      expect(unix().isLocal(uri)).toBe(true);
    });

    it.each([
      ['/run/app.sock', 'it does not begin with unix:///'],
      ['unix:/run/app.sock', 'it does not begin with unix:///'],
      ['unix://run/app.sock', 'it does not begin with unix:///'],
      ['unix://', 'it does not begin with unix:///'],
      ['unix:///', 'its path names no file'],
      ['unix:///a/', 'its path names no file'],
      ['unix:///a/.', 'its path names no file'],
      ['unix:///a/..', 'its path names no file'],
      ['unix:///a%00b', 'its path names no file'],
      ['unix:///%00abstract', 'its path names no file'],
      ['unix:///a?b', 'a ? or # in a path is written %3F or %23'],
      ['unix:///a#b', 'a ? or # in a path is written %3F or %23'],
      ['unix:///%', 'its percent-encoding is broken'],
      ['unix:///%ff', 'its percent-encoding is broken'],
      ['unix:///\ud800', 'its percent-encoding is broken'],
      [`unix:///${'x'.repeat(107)}`, 'its path has 108 bytes, and the system takes 10'],
      [`unix:///${'ü'.repeat(54)}`, 'its path has 109 bytes'],
    ])('%j: %s', (uri, why) => {
      expect(() => canonical(uri)).toThrow(expect.objectContaining({ code: 'ERR_URI' }));
      expect(() => canonical(uri)).toThrow(why);
      expect(() => canonical(uri)).toThrow('is not a Unix socket');
    });

    it.runIf(process.platform === 'linux')('the longest path that the system takes can be listened at', () =>
      onBench(unix(), async (bench) => {
        const path = join(folder, 'x'.repeat(106 - folder.length));
        expect(Buffer.byteLength(path)).toBe(107);
        await bench.pair(await bench.listen(`unix://${path}`));
      }),
    );

    it('odd characters can be listened at', () =>
      onBench(unix(), async (bench) => {
        const place = await bench.listen(`unix://${folder}/a b%23%3f%25 ü`);
        expect(lstatSync(join(folder, 'a b#?% ü')).isSocket()).toBe(true);
        await bench.pair(place);
      }));
  });

  describe('files', () => {
    it('the file is removed when the listener is closed', () =>
      onBench(unix(), async (bench) => {
        const path = freePath();
        const place = await bench.listen(`unix://${path}`);
        expect(lstatSync(path).isSocket()).toBe(true);
        await place.close();
        expect(existsSync(path)).toBe(false);
      }));

    it('a file that came in place of its own is left, and reaches who listens there', () =>
      onBench(unix(), async (bench) => {
        const path = freePath();
        const old = await bench.listen(`unix://${path}`);
        rmSync(path);
        const young = await bench.listen(`unix://${path}`);
        const { ino } = lstatSync(path);
        await old.close();
        expect(lstatSync(path).ino).toBe(ino);
        expect(readdirSync(folder).filter((name) => name.startsWith(`${basename(path)}.`))).toEqual([]);
        await bench.pair(young);
        await young.close();
        expect(existsSync(path)).toBe(false);
      }));

    it('its own is removed whatever was done to it, and one that is gone is not missed', () =>
      onBench(unix(), async (bench) => {
        const path = freePath();
        const place = await bench.listen(`unix://${path}`);
        chmodSync(path, 0o600);
        await place.close();
        expect(existsSync(path)).toBe(false);
        const again = await bench.listen(`unix://${path}`);
        rmSync(path);
        await again.close();
        expect(existsSync(path)).toBe(false);
      }));

    it('is removed when the listener is closed in the turn in which it was made', () =>
      onBench(unix(), async () => {
        const path = freePath();
        const never = (): never => expect.unreachable();
        const events = { listening: never, error: never, accept: never };
        await new Promise<void>((resolve) => unix().listen(`unix://${path}`, events).close(resolve));
        expect(existsSync(path)).toBe(false);
      }));

    it('what a killed process left is taken over', () =>
      onBench(unix(), async (bench) => {
        const path = freePath();
        await leaveStale(path);
        expect(await bench.dial(`unix://${path}`).closed).toMatchObject({ code: 'ERR_REFUSED' });
        await bench.pair(await bench.listen(`unix://${path}`));
      }));

    it('of many that take it over at once, one does', () =>
      onBench(unix(), async (bench) => {
        const path = freePath();
        await leaveStale(path);
        const results = await Promise.allSettled(Array.from({ length: 10 }, () => bench.listen(`unix://${path}`)));
        const lost = results.filter((result) => result.status === 'rejected');
        expect(lost).toHaveLength(9);
        for (const { reason } of lost) expect(reason).toMatchObject({ code: 'ERR_LISTEN' });
        await bench.dial(`unix://${path}`).opened;
      }));

    it('another file is left as it is', () =>
      onBench(unix(), async (bench) => {
        const path = freePath();
        writeFileSync(path, 'precious');
        await expect(bench.listen(`unix://${path}`)).rejects.toMatchObject({
          code: 'ERR_LISTEN',
          message: expect.stringMatching(/the file is something else; choose another path \(EADDRINUSE\)$/),
        });
        expect(lstatSync(path).size).toBe(8);
        expect(await bench.dial(`unix://${path}`).closed).toMatchObject({ code: 'ERR_REFUSED' });
      }));

    it('a folder that is missing, or not a folder, is told', () =>
      onBench(unix(), async (bench) => {
        await expect(bench.listen(`unix://${folder}/none/a.sock`)).rejects.toMatchObject({
          code: 'ERR_LISTEN',
          message: expect.stringContaining('its folder is missing'),
        });
        const path = freePath();
        writeFileSync(path, '');
        await expect(bench.listen(`unix://${path}/a.sock`)).rejects.toMatchObject({ code: 'ERR_LISTEN' });
        expect(await bench.dial(`unix://${path}/a.sock`).closed).toMatchObject({ code: 'ERR_UNREACHABLE' });
        expect(await bench.dial(`unix://${folder}/none/a.sock`).closed).toMatchObject({ code: 'ERR_REFUSED' });
      }));

    // Everything is allowed to root.
    it.skipIf(process.getuid?.() === 0)('a socket that this user may not use', () =>
      onBench(unix(), async (bench) => {
        const path = freePath();
        const place = await bench.listen(`unix://${path}`);
        chmodSync(path, 0);
        expect(await bench.dial(place.uri).closed).toMatchObject({ code: 'ERR_UNREACHABLE' });
      }),
    );
  });
});

describe('on Windows', () => {
  const platform = process.platform;
  afterEach(() => {
    Object.defineProperty(process, 'platform', { value: platform });
  });

  it('there are none, and the error says so', () => {
    Object.defineProperty(process, 'platform', { value: 'win32' });
    expect(() => canonical('unix:///a')).toThrow('Windows has none; a right one is tcp://127.0.0.1:2435');
  });
});

/** Leaves the socket file of a process that was killed while it listened. */
async function leaveStale(path: string): Promise<void> {
  const code = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(lstatSync(path).isSocket()).toBe(true);
}
