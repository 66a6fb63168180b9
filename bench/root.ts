/** Where things are, from the sources as from what they are compiled to. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));
/** Its benchmark, which has packages of its own. */
export const BENCH = join(ROOT, 'bench');

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'src/index.ts')) ? folder : rootAbove(dirname(folder));
}

/** `require` as a file of the folder would call it: peers' packages are those of `bench`, msgpackr is the project's. */
export function requireFrom(folder: string): NodeJS.Require {
  return createRequire(join(folder, 'package.json'));
}

/**
 * A package of a peer. Its types are written where it is used: what is checked then does not depend on what is installed.
 */
export function peerPackage<T>(name: string): T {
  return requireFrom(BENCH)(name) as T;
}
