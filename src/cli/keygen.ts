/**
 * `masterless keygen`: a new secret on stdout.
 */
import { newSecret } from '../index.js';
import { Arguments, Exit } from './arguments.js';

export const help = `masterless keygen: prints a new secret for the nodes of a mesh: 32 random bytes as text.

  masterless keygen

Whoever has it can join under any id, and read and change what flows: only the user of the nodes should be able to read
the file that it is kept in:

  (umask 077; masterless keygen > mesh.secret)

The other commands take it from --secret-file mesh.secret, or from the variable MASTERLESS_SECRET of the environment,
never from an argument, which every user of the machine can read. In programs it is the option secret.

exit code  0
           2  a mistake in the command
`;

export async function run(args: readonly string[]): Promise<number> {
  new Arguments(args, {}).nothingElse();
  process.stdout.write(`${newSecret()}\n`);
  return Exit.done;
}
