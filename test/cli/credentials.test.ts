import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Arguments, UsageError } from '../../src/cli/arguments.js';
import { credentialKinds, credentialsOf, idOf } from '../../src/cli/credentials.js';
import { newSecret } from '../../src/index.js';
import { pem } from '../support/certificates.js';
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
  credentialsOf(new Arguments(args, credentialKinds), environment);

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

describe('the certificates of a command', () => {
  const [cert, key, ca] = ['cert', 'key', 'ca'].map((name) => file(`the ${name}`)) as [string, string, string];
  const tls = { cert: 'the cert', key: 'the key', ca: 'the ca' };
  const files = ['--cert', cert, '--key', key, '--ca', ca];

  it('come from files that arguments name, or the environment, or some from each', () => {
    expect(taken(files)).toEqual({ tls });
    expect(taken([], { MASTERLESS_CERT: cert, MASTERLESS_KEY: key, MASTERLESS_CA: ca })).toEqual({ tls });
    expect(taken(['--ca', ca], { MASTERLESS_CERT: cert, MASTERLESS_KEY: key, MASTERLESS_CA: cert })).toEqual({ tls });
  });

  it.each([
    [['--cert', cert], {}, '--key (or MASTERLESS_KEY) is missing'],
    [['--ca', ca, '--key', key], {}, '--cert (or MASTERLESS_CERT) is missing'],
    [[], { MASTERLESS_KEY: key }, '--cert (or MASTERLESS_CERT) is missing'],
    [
      ['--cert', cert, '--key', join(folder, 'none'), '--ca', ca],
      {},
      `--key ${join(folder, 'none')} can't be read (ENOENT)`,
    ],
    [
      [],
      { MASTERLESS_CERT: folder, MASTERLESS_KEY: key, MASTERLESS_CA: ca },
      `MASTERLESS_CERT ${folder} can't be read`,
    ],
  ])('that are not all there are a mistake: %j, %j', (args, environment, words) => {
    expect(() => taken(args, environment)).toThrow(UsageError);
    expect(() => taken(args, environment)).toThrow(words);
  });

  it('and a secret are two kinds; what an argument says counts before the environment', () => {
    expect(() => taken(['--secret-file', file(secret), ...files])).toThrow(UsageError);
    expect(() =>
      taken([], { MASTERLESS_SECRET: secret, MASTERLESS_CERT: cert, MASTERLESS_KEY: key, MASTERLESS_CA: ca }),
    ).toThrow(UsageError);
    expect(taken(files, { MASTERLESS_SECRET: secret })).toEqual({ tls });
    const environment = { MASTERLESS_CERT: cert, MASTERLESS_KEY: key, MASTERLESS_CA: ca };
    expect(taken(['--secret-file', file(secret)], environment)).toEqual({ secret: [secret] });
  });

  it('that are over, or are not yet good, are a mistake: every peer would turn the node away', () => {
    const expired = ['--cert', file(pem('b-expired.pem')), '--key', key, '--ca', ca];
    expect(() => taken(expired)).toThrow(UsageError);
    expect(() => taken(expired)).toThrow(/^--cert \S+ expired on 2020-02-01T00:00:00.000Z/);
    const good = file(pem('b.pem'));
    const at = (time: string) => () =>
      credentialsOf(new Arguments([...expired, '--cert', good], credentialKinds), {}, new Date(time));
    expect(at('2026-01-01')).not.toThrow();
    expect(at('2120-01-02')).toThrow(/ expired on 2120-01-01/);
    expect(at('2019-12-31')).toThrow(/ is not valid before 2020-01-01/);
    expect(() => taken([], { MASTERLESS_CERT: expired[1], MASTERLESS_KEY: key, MASTERLESS_CA: ca })).toThrow(
      /^MASTERLESS_CERT \S+ expired/,
    );
  });

  it('say the id of the node, unless they are none', () => {
    expect(idOf({ tls: { cert: pem('m.pem'), key: '', ca: '' } })).toBe('m');
    expect(idOf({ tls: { cert: 'no certificate', key: '', ca: '' } })).toBe(undefined);
    expect(idOf({ secret: [secret] })).toBe(undefined);
  });
});

describe('a mesh of commands', () => {
  it('with certificates: whom the authority knows gets in, under his own name, and nobody else', async () => {
    for (const name of ['ours', 'theirs']) {
      const made = await run(['keygen', '--ca', join(folder, name), 'node', 'ops']);
      expect([made.code, made.stderr]).toEqual([0, '']);
    }
    const of = (name: string, id: string): string[] => [
      ...['--cert', join(folder, name, `${id}.pem`), '--key', join(folder, name, `${id}-key.pem`)],
      ...['--ca', join(folder, name, 'ca.pem')],
    ];
    const listen = new Command(['listen', '--host', '0.0.0.0', '--keep-going', ...of('ours', 'node')]);
    const { port } = new URL(await listen.address());
    const uri = `tcp://127.0.0.1:${port}`;
    const ping = await run(['ping', uri, '--count', '1', ...of('ours', 'ops')]);
    expect([ping.code, ping.stderr]).toEqual([0, '']);
    expect(ping.stdout).toMatch(/^node: /);
    const send = await run(['send', uri, ...of('ours', 'ops')], '{"n":1}\n');
    expect([send.code, send.stderr]).toEqual([0, expect.any(String)]);
    await listen.says('stdout', /\{"from":"ops","packet":\{"n":1\}\}/);
    const foreign = await run(['ping', uri, '--count', '1', ...of('theirs', 'ops')]);
    expect([foreign.code, foreign.stdout]).toEqual([1, '']);
    expect(foreign.stderr).toMatch(/^[^\n]*certificate[^\n]*\n$/);
    const [key, other] = [of('ours', 'ops'), of('theirs', 'ops')];
    for (const args of [
      [...key, '--id', 'node'],
      [...key.slice(0, 3), other[3] as string, ...key.slice(4)],
      ['--cert', join(folder, 'ours', 'ca-key.pem'), ...key.slice(2)],
    ]) {
      const { code, stdout, stderr } = await run(['ping', uri, ...args]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^masterless ping: [^\n]+\n$/);
      expect(stderr).not.toMatch(/PRIVATE|MII|MC4|MHc/);
    }
  });

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
