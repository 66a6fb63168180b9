/** What the figures were taken on and of: they mean nothing without. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { natsServer } from './nats-server.js';
import type { PeerInfo } from './peer.js';
import type { Machine } from './result.js';
import { BENCH, ROOT } from './root.js';

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** Of all that takes part. */
export function versions(peers: readonly PeerInfo[]): Readonly<Record<string, string>> {
  const found: Record<string, string> = { masterless: ownVersion(), msgpackr: packageVersion(ROOT, 'msgpackr') };
  for (const { name, packages } of peers) {
    for (const each of packages) found[each === 'masterless' ? name : each] = packageVersion(BENCH, each);
    if (name === 'nats') found['nats-server'] = serverVersion();
  }
  return found;
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  try {
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return `${version} (${commit.trim()})`;
  } catch {
    // No git, or no clone.
    return version;
  }
}

/** Read from its file: many packages do not export their package.json. */
function packageVersion(folder: string, name: string): string {
  const file = join(folder, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function serverVersion(): string {
  const text = execFileSync(natsServer() ?? 'nats-server', ['-v'], { encoding: 'utf8', stdio: 'pipe' });
  return text.replace(/^.*v/, '').trim();
}
