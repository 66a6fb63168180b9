import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { OpensslError, openssl } from '../../src/cli/openssl.js';

const folder = mkdtempSync(join(tmpdir(), 'masterless-openssl-'));
const { signal } = new AbortController();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

describe('openssl', () => {
  it('gives what it prints', async () => {
    expect(await openssl(['rand', '-hex', '4'], folder, signal)).toMatch(/^[0-9a-f]{8}\r?\n$/);
  });

  it('that fails says why in one line, and keeps the cause', async () => {
    const failing = openssl(['x509', '-req', '-in', 'none.pem'], folder, signal);
    await expect(failing).rejects.toThrow(OpensslError);
    await expect(failing).rejects.toMatchObject({
      message: expect.stringMatching(/^openssl x509 failed: [^\n]*none\.pem[^\n]*$/),
      cause: expect.any(Error),
    });
  });

  it('that is not there is told with what to do', async () => {
    vi.stubEnv('PATH', folder);
    const failing = openssl(['version'], folder, signal);
    await expect(failing).rejects.toThrow(OpensslError);
    await expect(failing).rejects.toThrow(/not on the PATH: install it/);
  });

  it('ends when it is interrupted', async () => {
    const stop = new AbortController();
    // It waits for its input, which nobody gives it.
    const waiting = openssl(['sha256'], folder, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow(OpensslError);
  });
});
