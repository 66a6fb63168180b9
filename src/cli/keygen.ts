/**
 * `masterless keygen`: a new secret on stdout; or, with `--ca`, an authority and certificates for development.
 */
import { existsSync } from 'node:fs';
import { newSecret } from '../index.js';
import { Arguments, Exit, UsageError } from './arguments.js';
import { Authority, AuthorityError, filesOf, problemOf } from './authority.js';
import { Interruption } from './interruption.js';

export const help = `masterless keygen: prints a new secret for the nodes of a mesh: 32 random bytes as text.
With --ca it makes certificates instead, for development.

  masterless keygen
  masterless keygen --ca FOLDER [ID]... [--days DAYS]

Whoever has the secret can join under any id, and read and change what flows: only the user of the nodes should be able
to read the file that it is kept in:

  (umask 077; masterless keygen > mesh.secret)

The other commands take it from --secret-file mesh.secret, or from the variable MASTERLESS_SECRET of the environment,
never from an argument, which every user of the machine can read. In programs it is the option secret.

  --ca FOLDER  makes an authority there, ca.pem and ca-key.pem, or takes the one that is there; and for each ID a key
               and a certificate that covers it, ID.pem and ID-key.pem, for the option tls of a node of that id. An ID
               here is 1 to 64 letters, digits, dots, hyphens and underscores. Keys are elliptic (P-256), and readable
               by their owner only; nothing that is there is written over. Needs the program openssl
  --days DAYS  how long the certificates of nodes are accepted, 1 to 1000 (default 365); the authority's is for ten
               years

exit code  0
           1  with --ca: a file is there already, can't be read or written, or there is no openssl
           2  a mistake in the command
           130, 143  with --ca: interrupted by ^C, SIGTERM; files that are there are whole
`;

export async function run(args: readonly string[]): Promise<number> {
  const options = new Arguments(args, { ca: 'text', days: 'text' });
  const folder = options.text('ca');
  if (folder !== undefined) return certificates(folder, options);
  if (options.text('days') !== undefined) throw new UsageError('--days is for --ca: a secret does not end');
  options.nothingElse();
  process.stdout.write(`${newSecret()}\n`);
  return Exit.done;
}

async function certificates(folder: string, options: Arguments): Promise<number> {
  const ids = [...new Set(options.rest)];
  const days = options.whole('days', 365, 1, 1000);
  if (folder === '') throw new UsageError('--ca needs the name of a folder');
  for (const id of ids) {
    const problem = problemOf(id);
    if (problem !== null) throw new UsageError(`the id ${JSON.stringify(id)} ${problem}`);
  }
  // Before anything is made, so that a second try with the rest of the ids is not needed.
  for (const file of ids.flatMap((id) => Object.values(filesOf(folder, id)))) {
    if (existsSync(file)) {
      throw new AuthorityError(`${file} is there already, and is not written over: move it away first`);
    }
  }
  const interruption = new Interruption();
  try {
    const authority = await Authority.open(folder, interruption.signal);
    if (!authority.isNew && ids.length === 0) {
      throw new UsageError(`${folder} has an authority: name the ids that it is to make certificates for`);
    }
    if (authority.isNew) tell('authority', authority.files.certificate, authority.files.key, authority.lastDay);
    for (const id of ids) {
      const { certificate, key, lastDay } = await authority.certify(id, days);
      tell(id, certificate, key, lastDay);
    }
    return Exit.done;
  } catch (error) {
    if (interruption.code !== 0) return interruption.code;
    throw error;
  }
}

function tell(whose: string, certificate: string, key: string, lastDay: string): void {
  process.stdout.write(`${whose}: ${certificate} and ${key}, until ${lastDay}\n`);
}
