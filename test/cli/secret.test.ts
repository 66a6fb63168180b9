import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Arguments, UsageError } from '../../src/cli/arguments.js';
import { secretOption } from '../../src/cli/secret.js';
import { newSecret } from '../../src/index.js';
import { Command, endAll, run } from './support/command.js';

const folder = mkdtempSync(join(tmpdir(), 'masterless-secret-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endAll);

let files = 0;
function file(text: string): string {
  const path = join(folder, `${++files}`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const [secret, other] = [newSecret(), newSecret()];
const taken = (args: string[], environment = {}): unknown =>
  secretOption(new Arguments(args, { 'secret-file': 'text' }), environment);

describe('the secret of a command', () => {
  it('comes from a file before the environment, or there is none', () => {
    expect(taken([])).toEqual({});
    expect(taken([], { MASTERLESS_SECRET: secret })).toEqual({ secret: [secret] });
    expect(taken(['--secret-file', file(`${other}\n`)], { MASTERLESS_SECRET: secret })).toEqual({ secret: [other] });
    expect(taken(['--secret-file', file(`${other}\r\n\n${secret}\n`)])).toEqual({ secret: [other, secret] });
  });

  it('that is empty or not there is a mistake, not a node without one', () => {
    for (const environment of [{ MASTERLESS_SECRET: '' }, { MASTERLESS_SECRET: ' \n' }]) {
      expect(() => taken([], environment)).toThrow(UsageError);
    }
    expect(() => taken(['--secret-file', file('')])).toThrow(UsageError);
    expect(() => taken(['--secret-file', join(folder, 'none')])).toThrow(/ENOENT/);
  });
});

describe('a mesh of commands', () => {
  it('with one secret: whoever has it gets in, and nobody else', async () => {
    const path = file(`${secret}\n`);
    const listen = new Command(['listen', '--id', 'b', '--host', '0.0.0.0', '--secret-file', path, '--keep-going']);
    const { port } = new URL(await listen.address());
    const uri = `tcp://127.0.0.1:${port}`;
    const ping = await run(['ping', uri, '--count', '1', '--secret-file', path]);
    expect([ping.code, ping.stderr]).toEqual([0, '']);
    for (const args of [[], ['--secret-file', file(other)]]) {
      const { code, stdout, stderr } = await run(['ping', uri, '--count', '1', ...args]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^[^\n]*(secret)[^\n]*\n$/);
      for (const text of [secret, other]) expect(stderr).not.toContain(text.slice(20));
    }
  });

  it('shows no secret in what it says of mistakes', async () => {
    const path = file(`${secret}x`);
    const { code, stdout, stderr } = await run(['listen', '--secret-file', path]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('keygen');
    expect(stderr).not.toContain(secret.slice(20));
    // As an argument every user of the machine could read it.
    expect((await run(['listen', '--secret', secret])).code).toBe(2);
  });

  it('without one listens on loopback only, or says --insecure', async () => {
    const refused = await run(['listen', '--host', '0.0.0.0']);
    expect(refused.code).toBe(2);
    const { code } = await run(['send', 'tcp://127.0.0.1:1', '--listen', 'tcp://0.0.0.0:0']);
    expect(code).toBe(2);
    const open = new Command(['listen', '--host', '0.0.0.0', '--insecure', '--keep-going']);
    await open.says('stderr', /MASTERLESS_INSECURE/);
  });
});
