import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DemoProcess } from '../../src/cli/demo-process.js';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/demo-worker.js', import.meta.url));

describe('DemoProcess', () => {
  const died = vi.fn();
  const report = vi.fn();
  const node = new DemoProcess('a', { died, report }, PROGRAM);
  afterEach(() => node.destroy());

  it('can be killed and started again, under the same address, and be closed', async () => {
    await node.start();
    const { pid, uri } = node;
    expect(uri).toMatch(/^tcp:/);
    expect(node.alive).toBe(true);
    expect(await node.next('report')).toMatchObject({ kind: 'report', sockets: 0 });
    expect(report).toHaveBeenCalled();
    await node.kill();
    expect([node.alive, node.pid]).toEqual([false, null]);
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
    await node.start();
    expect(node.pid).not.toBe(pid);
    expect(node.uri).toBe(uri);
    expect(died).not.toHaveBeenCalled();
    expect(await node.close(10_000)).toBe(true);
    expect(node.alive).toBe(false);
  });

  it('is started again, and nothing told, when it dies before it listens, of an interruption say', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'masterless-demo-'));
    const [program, once] = ['worker.mjs', 'once'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(
      program,
      `import { existsSync, writeFileSync } from 'node:fs';
      if (existsSync(${JSON.stringify(once)})) process.send({ kind: 'listening' });
      else {
        writeFileSync(${JSON.stringify(once)}, '');
        process.kill(process.pid, 'SIGINT');
      }
      setTimeout(() => undefined, 60_000);`,
    );
    const early = vi.fn();
    const other = new DemoProcess('c', { died: early, report }, program);
    try {
      await other.start();
      expect(other.alive).toBe(true);
      expect(early).not.toHaveBeenCalled();
    } finally {
      other.destroy();
      rmSync(folder, { recursive: true });
    }
  });

  it('tells when it dies without being asked to', async () => {
    const other = new DemoProcess('b', { died, report }, PROGRAM);
    await other.start();
    const told = other.next('flushed');
    process.kill(other.pid ?? 0, 'SIGKILL');
    expect(await told).toBeNull();
    expect(died).toHaveBeenCalledWith(other, 'SIGKILL');
    other.destroy();
  });
});
