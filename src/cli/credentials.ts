/**
 * Where commands take the credentials of the mesh from: files, or the environment, which other users of the machine can't
 * read as they can arguments. Several secrets, one a line, are for rotation.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CredentialOptions } from '../index.js';
import { type Arguments, type OptionKind, UsageError } from './arguments.js';

/** Its options. */
export const credentialKinds: Readonly<Record<string, OptionKind>> = {
  'secret-file': 'text',
  cert: 'text',
  key: 'text',
  ca: 'text',
};

/** How they are called. */
export const credentialUsage = '[--secret-file FILE | --cert FILE --key FILE --ca FILE]';

/** What the help of a command says of them. */
export const credentialHelp = `  --secret-file FILE
                   the secret of the mesh, as keygen prints it; of several lines the first is dialled with, all are
                   accepted. Without it the variable MASTERLESS_SECRET counts, if it is set
  --cert FILE, --key FILE, --ca FILE
                   in place of a secret: the certificate of this node, its key, and the authorities, in PEM. Without
                   them the files count that MASTERLESS_CERT, MASTERLESS_KEY and MASTERLESS_CA name, if set. The id
                   of this node is then the first name of the certificate, if --id does not say another`;

/** Files, in the order in which they are asked for, each with the variable that names it too. */
const FILES = [
  ['cert', 'MASTERLESS_CERT'],
  ['key', 'MASTERLESS_KEY'],
  ['ca', 'MASTERLESS_CA'],
] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The options `secret` or `tls` of a node, or neither. Arguments count before the environment.
 * @throws UsageError for a file that can't be read, or has no secret in it; for some of the three files without the others;
 * for both kinds of credentials; for a certificate that is not good now
 */
export function credentialsOf(options: Arguments, environment: Environment, now: Date = new Date()): CredentialOptions {
  const argued = FILES.some(([name]) => options.text(name) !== undefined);
  const secretArgued = options.text('secret-file') !== undefined;
  if (argued && secretArgued) throw new UsageError('--secret-file and --cert are two kinds of credentials: give one');
  const secret = argued ? {} : secretOf(options, environment);
  const tls = secretArgued ? {} : tlsOf(options, environment, now);
  if ('secret' in secret && 'tls' in tls) {
    throw new UsageError('MASTERLESS_SECRET and MASTERLESS_CERT are two kinds of credentials: unset one');
  }
  return { ...secret, ...tls };
}

/** The id that a node with this certificate may have: its first DNS name. */
export function idOf({ tls }: CredentialOptions): string | undefined {
  if (tls === undefined) return undefined;
  const names = certificateIn(String(tls.cert))?.subjectAltName ?? '';
  return /(?:^|, )DNS:([^,"]+)/.exec(names)?.[1];
}

function secretOf(options: Arguments, environment: Environment): CredentialOptions {
  const file = options.text('secret-file');
  const given = file === undefined ? environment.MASTERLESS_SECRET : read(file, '--secret-file');
  if (given === undefined) return {};
  const secret = given.split(/\s+/).filter((part) => part !== '');
  // Set and empty is a mistake, and must not make a node without credentials.
  if (secret.length === 0) throw new UsageError(`${file ?? 'MASTERLESS_SECRET'} has no secret in it; keygen makes one`);
  return { secret };
}

function tlsOf(options: Arguments, environment: Environment, now: Date): CredentialOptions {
  const files = FILES.map(([name, variable]) => options.text(name) ?? environment[variable]);
  if (files.every((file) => file === undefined)) return {};
  const named = FILES.map(([name, variable], index) => {
    const file = files[index];
    if (file !== undefined) return [file, options.text(name) === undefined ? variable : `--${name}`] as const;
    throw new UsageError(`--${name} (or ${variable}) is missing: --cert, --key and --ca belong together`);
  });
  const [cert, key, ca] = named.map(([file, what]) => read(file, what)) as [string, string, string];
  checkTime(cert, `${named[0]?.[1]} ${named[0]?.[0]}`, now);
  return { tls: { cert, key, ca } };
}

/** Every peer would turn such a node away, and that it is no fault of theirs would have to be guessed. */
function checkTime(cert: string, what: string, now: Date): void {
  const own = certificateIn(cert);
  if (own === null) return;
  const [from, to] = [new Date(own.validFrom), new Date(own.validTo)];
  if (now > to) throw new UsageError(`${what} expired on ${to.toISOString()}: ask its authority for another`);
  if (now < from)
    throw new UsageError(`${what} is not valid before ${from.toISOString()}: is this machine's clock right?`);
}

/** Null for what is none: what is wrong with it is said when the node is made. */
function certificateIn(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text);
  } catch {
    return null;
  }
}

function read(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`${what} ${file} can't be read (${code})`);
  }
}
