/**
 * Where commands take the secret of the mesh from: a file or the environment, which other users of the machine can't read
 * as they can arguments. Several, one a line, are for rotation.
 */
import { readFileSync } from 'node:fs';
import { type Arguments, UsageError } from './arguments.js';

/** What the help of a command says of it. */
export const secretHelp = `  --secret-file FILE
                   the secret of the mesh, as keygen prints it; of several lines the first is dialled with, all are
                   accepted. Without it the variable MASTERLESS_SECRET counts, if it is set`;

/**
 * The option `secret` of a node, or none.
 * @throws UsageError for a file that can't be read, or has no secret in it
 */
export function secretOption(
  options: Arguments,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly secret?: readonly string[] } {
  const file = options.text('secret-file');
  const given = file === undefined ? environment.MASTERLESS_SECRET : read(file);
  if (given === undefined) return {};
  const secret = given.split(/\s+/).filter((part) => part !== '');
  // Set and empty is a mistake, and must not make a node without credentials.
  if (secret.length === 0) throw new UsageError(`${file ?? 'MASTERLESS_SECRET'} has no secret in it; keygen makes one`);
  return { secret };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`--secret-file ${file} can't be read (${code})`);
  }
}
