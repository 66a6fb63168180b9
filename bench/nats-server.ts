/** Debian's nats-server: the one that is installed, or else unpacked from its package into the cache, installing nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './root.js';

const CACHE = join(ROOT, '.cache/nats-server');
const UNPACKED = join(CACHE, 'usr/sbin/nats-server');
/** Milliseconds for each command of the package manager. */
const DEADLINE = 120_000;

/** The program; `null` where there is none. */
export function natsServer(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin');
  const installed = folders.map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));
  return installed ?? (existsSync(UNPACKED) ? UNPACKED : null);
}

/** Gets it when it is not there. @returns why that did not work; `null` when it did */
export function fetchNatsServer(tell: (line: string) => void): string | null {
  if (natsServer() !== null) return null;
  tell('nats-server: unpacking the Debian package');
  mkdirSync(CACHE, { recursive: true });
  const run = (command: string, args: readonly string[]): void => {
    execFileSync(command, args, { cwd: CACHE, stdio: ['ignore', 'ignore', 'pipe'], timeout: DEADLINE });
  };
  try {
    try {
      run('apt-get', ['download', 'nats-server']);
    } catch {
      run('apt-get', ['update']);
      run('apt-get', ['download', 'nats-server']);
    }
    const archive = readdirSync(CACHE).find((file) => file.endsWith('.deb')) ?? '';
    run('dpkg', ['-x', archive, '.']);
    rmSync(join(CACHE, archive));
  } catch (error) {
    return `nats-server is not installed, and apt could not get it: ${(error as Error).message.split('\n')[0]}`;
  }
  return natsServer() === null ? 'the package nats-server has no such program' : null;
}
