import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { harmlessDebug } from '../../src/runtime/debug.js';

describe('debugging', () => {
  it('speaks on stderr with DEBUG=masterless*, of what the node does, and is silent without', () => {
    const program = `
      import { Server } from ${JSON.stringify(resolve('dist/index.js'))};
      const node = new Server('talker');
      node.on('listening', () => node.close());`;
    const run = (DEBUG: string): string =>
      spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
        env: { ...process.env, DEBUG, NODE_OPTIONS: '' },
        encoding: 'utf8',
      }).stderr;
    expect(run('')).toBe('');
    expect(run('masterless*')).toMatch(/masterless.*talker.*listening at/s);
  });

  it('speaks from when an application enables it, with the package itself, and not before', () => {
    const program = `
      import { createRequire } from 'node:module';
      import { Server } from ${JSON.stringify(resolve('dist/index.js'))};
      const require = createRequire(${JSON.stringify(resolve('dist/index.js'))});
      const loaded = () => Object.keys(require.cache).some((file) => file.includes('node_modules/debug'));
      const silent = new Server('silent');
      silent.on('listening', async () => {
        await silent.close();
        console.log(loaded());
        require('debug').enable('masterless');
        const talker = new Server('talker');
        talker.on('listening', () => talker.close());
      });`;
    const { DEBUG: _, ...env } = process.env;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...env, NODE_OPTIONS: '' },
      encoding: 'utf8',
    });
    expect(stdout).toBe('false\n');
    expect(stderr).toMatch(/masterless.*talker.*listening at/s);
    expect(stderr).not.toContain('silent');
  });

  it('keeps nothing of what is said where the package was left out, or not asked for', async () => {
    vi.resetModules();
    vi.doMock('debug', () => {
      throw new Error('left out');
    });
    const { debugFor } = await import('../../src/runtime/debug.js');
    vi.stubEnv('DEBUG', '');
    let unasked: object | null = { said: 'unasked' };
    const before = new WeakRef(unasked);
    debugFor('a')(unasked);
    unasked = null;
    await collected();
    expect(before.deref()).toBe(undefined);
    vi.stubEnv('DEBUG', 'masterless');
    const said = debugFor('a');
    let first: object | null = { said: 'early' };
    const early = new WeakRef(first);
    said(first);
    first = null;
    await vi.dynamicImportSettled();
    let second: object | null = { said: 'late' };
    const late = new WeakRef(second);
    said(second);
    second = null;
    await collected();
    expect([early.deref(), late.deref()]).toEqual([undefined, undefined]);
    vi.doUnmock('debug');
    vi.unstubAllEnvs();
  });

  it('lets what the function throws go to the process, not to the node', async () => {
    const debug = harmlessDebug(() => {
      throw new Error('in debug');
    });
    const thrown = new Promise<unknown>((resolve) => {
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const other of others) process.on('uncaughtException', other);
        resolve(error);
      });
    });
    debug('anything');
    await expect(thrown).resolves.toMatchObject({ message: 'in debug' });
  });
});

/** All that nobody holds is gone: what a weak reference was made or asked for in this turn is held to its end. */
async function collected(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let times = 0; times < 3; times++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}
