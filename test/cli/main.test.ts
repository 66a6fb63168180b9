import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { endAll, PROGRAM, run } from './support/command.js';

afterEach(endAll);

describe('masterless', () => {
  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [['--help']],
    [['listen', '--help']],
    [['send', '-h']],
    [['ping', '--help']],
    [['keygen', '--help']],
    [['demo', '--help']],
  ])('helps with %j', async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^masterless/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it.runIf(existsSync('/dev/full')).each([[['keygen']], [['--version']], [['--help']]])(
    'says when the output of %j could not be written, and fails',
    async (args) => {
      const full = openSync('/dev/full', 'w');
      const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', full, 'pipe'] });
      closeSync(full);
      const [text, [code]] = await Promise.all([(child.stderr as Readable).toArray(), once(child, 'close')]);
      expect(code).toBe(1);
      expect(Buffer.concat(text as Buffer[]).toString()).toMatch(
        /^masterless.*: stdout could not be written: .*ENOSPC.*\n$/,
      );
    },
  );

  it('shows its help when there is no command, and fails', async () => {
    const { code, stdout } = await run([]);
    expect(code).toBe(2);
    expect(stdout).toContain('masterless demo');
  });

  it.each([
    [['foo']],
    [['listen', '--foo']],
    [['listen', 'x']],
    [['listen', '--port', '70000']],
    [['listen', '--id', '']],
    [['listen', '--host', '0.0.0.0']],
    [['listen', '--listen', 'carrier-pigeon://x']],
    [['send']],
    [['send', 'nonsense']],
    [['send', 'tcp://127.0.0.1:1', '--wait', 'x']],
    [['send', 'tcp://127.0.0.1:1', '--wait', '0']],
    [['ping']],
    [['ping', 'nonsense']],
    [['ping', 'tcp://127.0.0.1:1', '--count', '0']],
    [['demo', '--seconds', '1']],
  ])('says in one line what is wrong with %j, with code 2', async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^masterless[^\n]*--help\)\n$/);
  });
});
