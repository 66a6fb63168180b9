/** What a user waits for before the first packet, and how much code that is. */
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Pair } from '../pair.js';
import type { PeerInfo } from '../peer.js';
import { ENTRY } from '../peers/ours.js';
import { BENCH, peerPackage, ROOT, requireFrom } from '../root.js';
import type { Workload } from '../workload.js';

/** Milliseconds for a process that only imports. */
const DEADLINE = 30_000;

interface Bundler {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly contents: Uint8Array }[] }>;
}

export const startUp: Workload = {
  name: 'start-up',
  title: 'start-up',
  about:
    'The time that importing takes in a fresh process; from before the import to the first packet, both ends in one process; ' +
    'and the size of all the code that is imported, as one minified file, where no native code is part of it.',
  figures: [
    { key: 'import', title: 'import', unit: 'ms', better: 'less' },
    { key: 'first', title: 'first packet', unit: 'ms', better: 'less' },
    { key: 'size', title: 'minified', unit: 'kB', better: 'less' },
    { key: 'gzip', title: 'minified, gzip', unit: 'kB', better: 'less' },
  ],
  async measure(peer, transport) {
    const files = entries(peer);
    return {
      import: await importTime(files),
      first: await Pair.with(peer.name, transport, (pair) => pair.first()),
      ...(peer.native ? {} : await sizes(files)),
    };
  },
};

/** The files that a user of the peer imports. The floor's user imports a codec. */
function entries(peer: PeerInfo): readonly string[] {
  if (peer.name === 'ours') return [ENTRY];
  if (peer.packages.length === 0) return [requireFrom(ROOT).resolve('msgpackr')];
  return peer.packages.filter((name) => name !== 'bufferutil').map((name) => requireFrom(BENCH).resolve(name));
}

async function importTime(files: readonly string[]): Promise<number> {
  const program = `const begun = performance.now();
    for (const url of ${JSON.stringify(files.map((file) => pathToFileURL(file).href))}) await import(url);
    await import('node:net');
    process.stdout.write(String(performance.now() - begun), () => process.exit());`;
  const args = ['--input-type=module', '--eval', program];
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: DEADLINE, env });
  return Number(stdout);
}

async function sizes(files: readonly string[]): Promise<{ readonly size: number; readonly gzip: number }> {
  const contents = files.map((file) => `export * from ${JSON.stringify(file)};`).join('\n');
  const { outputFiles } = await peerPackage<Bundler>('esbuild').build({
    stdin: { contents, resolveDir: BENCH },
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error('esbuild made nothing');
  return { size: bundle.contents.length / 1000, gzip: gzipSync(bundle.contents).length / 1000 };
}
