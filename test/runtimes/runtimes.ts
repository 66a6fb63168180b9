/** What nodes run in, and what each can do. */
import { join } from 'node:path';
import { ROOT } from '../support/program.js';

export interface Runtime {
  readonly name: string;
  /** What runs a program, which comes behind it. */
  readonly command: readonly string[];
  /** It has the TLS that credentials need. */
  readonly credentials: boolean;
}

/** The one that runs this. */
export const HERE: Runtime = { name: 'here', command: [process.execPath], credentials: true };

/** The folder whose package.json names the others. */
export const FOLDER = 'test/runtimes';
const MODULES = join(ROOT, FOLDER, 'node_modules');

export const OTHERS: readonly Runtime[] = [
  ...['22', '24', '26'].map((major) => ({
    ...{ name: `node ${major}`, command: [join(MODULES, `node-${major}/bin/node`)], credentials: true },
  })),
  { name: 'bun', command: [join(MODULES, '@oven/bun-linux-x64/bin/bun')], credentials: false },
  {
    name: 'deno',
    command: [
      join(MODULES, '@deno/linux-x64-glibc/deno'),
      'run',
      '--no-prompt',
      '--allow-net',
      '--allow-read',
      '--allow-env',
      '--allow-sys',
    ],
    credentials: false,
  },
];
