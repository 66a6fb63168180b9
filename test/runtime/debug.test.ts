import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
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
