/**
 * A folder with a small authority for development, and the certificates of nodes that it signed:
 *
 *     ca.pem   ca-key.pem   node-a.pem   node-a-key.pem   …
 *
 * Keys are made here, by Node, and readable by their owner only; openssl writes the certificates. Nothing that is there is
 * ever written over, and a file that is there is whole: everything is written aside, in a folder of its own, and held to
 * what a node asks before it gets its name. A key and its certificate get theirs both or neither.
 */
import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '../index.js';
import { openssl } from './openssl.js';

/** How long an authority lives, in days. */
const AUTHORITY_DAYS = 3650;
const DAY = 24 * 60 * 60 * 1000;

/** What stands in the way; its message says what to do about it. */
export class AuthorityError extends Error {}

/** A certificate and its key, by their paths. */
export interface Files {
  readonly certificate: string;
  readonly key: string;
}

export class Authority {
  readonly files: Files;
  /** Whether it was made just now. */
  readonly isNew: boolean;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #certificate: X509Certificate;

  private constructor(folder: string, isNew: boolean, signal: AbortSignal) {
    this.files = filesOf(folder, 'ca');
    this.isNew = isNew;
    this.#folder = folder;
    this.#signal = signal;
    this.#certificate = readAuthority(this.files);
  }

  /**
   * The authority of that folder. Where there is none it is made, and the folder too, but not the one above it.
   * @throws AuthorityError, OpensslError
   */
  static async open(folder: string, signal: AbortSignal): Promise<Authority> {
    const files = filesOf(folder, 'ca');
    const [certificate, key] = [existsSync(files.certificate), existsSync(files.key)];
    if (certificate !== key) {
      const [there, gone] = certificate ? [files.certificate, files.key] : [files.key, files.certificate];
      throw new AuthorityError(`${there} is there and ${gone} is not: put it back, or begin in another folder`);
    }
    if (!key) await make(files, folder, signal);
    return new Authority(folder, !key, signal);
  }

  /** The last day on which what it signs is accepted, as ISO 8601 says it. */
  get lastDay(): string {
    return dayOf(this.#certificate);
  }

  /**
   * Makes a key and a certificate for a node, for both sides of TLS and with the id as its DNS name.
   * @param id - checked by {@link problemOf}
   * @returns the files, and the last day on which they are accepted
   * @throws AuthorityError, OpensslError
   */
  async certify(id: string, days: number): Promise<Files & { readonly lastDay: string }> {
    if (Date.now() + days * DAY > Date.parse(this.#certificate.validTo)) {
      throw new AuthorityError(
        `${this.files.certificate} is accepted until ${this.lastDay}, which is less than ${days} days from now: give fewer --days, or begin in another folder`,
      );
    }
    const files = filesOf(this.#folder, id);
    const lastDay = await aside(this.#folder, async (workshop) => {
      const key = newKey(workshop);
      writeFileSync(join(workshop, 'openssl.cnf'), configuration(id, nodeExtensions(id)));
      const request = ['req', '-new', '-config', 'openssl.cnf', '-key', 'key.pem', '-sha256', '-out', 'request.pem'];
      await openssl(request, workshop, this.#signal);
      const pem = await openssl(
        [
          ...['x509', '-req', '-in', 'request.pem', '-CA', '../ca.pem', '-CAkey', '../ca-key.pem', '-sha256'],
          ...['-set_serial', serial(), '-days', `${days}`, '-extfile', 'openssl.cnf', '-extensions', 'extensions'],
        ],
        workshop,
        this.#signal,
      );
      const certificate = new X509Certificate(pem);
      if (!certificate.verify(this.#certificate.publicKey)) {
        throw new AuthorityError('openssl made a certificate that this authority has not signed');
      }
      // A node says best whether it can be one with it.
      const tls = { key, cert: pem, ca: readFileSync(this.files.certificate) };
      await new Server(id, { listen: [], tls }).close();
      put(files, workshop, pem);
      return dayOf(certificate);
    });
    return { ...files, lastDay };
  }
}

/** The files of a node, or of the authority under the name `ca`. */
export function filesOf(folder: string, name: string): Files {
  return { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) };
}

/** Why an id can't have a certificate here; null when it can. Ids in general may be more than names of files and hosts. */
export function problemOf(id: string): string | null {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) {
    return 'must be 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit';
  }
  return id === 'ca' || id.endsWith('-key') ? "would have files of another's name" : null;
}

async function make(files: Files, folder: string, signal: AbortSignal): Promise<void> {
  await aside(folder, async (workshop) => {
    newKey(workshop);
    // So that the two of two folders can be told apart.
    const name = `development authority ${randomBytes(4).toString('hex')}`;
    writeFileSync(join(workshop, 'openssl.cnf'), configuration(name, AUTHORITY_EXTENSIONS));
    const days = ['-days', `${AUTHORITY_DAYS}`];
    const args = ['req', '-new', '-x509', '-config', 'openssl.cnf', '-key', 'key.pem', '-sha256', ...days];
    put(files, workshop, await openssl([...args, '-extensions', 'extensions'], workshop, signal));
  });
}

const AUTHORITY_EXTENSIONS = `basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash`;

function nodeExtensions(id: string): string {
  return `basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = DNS:${id}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid`;
}

function configuration(name: string, extensions: string): string {
  return `[req]
prompt = no
distinguished_name = name
[name]
CN = ${name}
[extensions]
${extensions}
`;
}

/** Works in a folder within the folder, which is gone afterwards: a key is never where others could read it. */
async function aside<T>(folder: string, work: (workshop: string) => Promise<T>): Promise<T> {
  let workshop = '';
  try {
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    workshop = mkdtempSync(join(folder, '.keygen-'));
    return await work(workshop);
  } catch (error) {
    throw isSystemError(error) ? unwritable(folder, error) : error;
  } finally {
    if (workshop !== '') rmSync(workshop, { recursive: true, force: true });
  }
}

/** An elliptic key (P-256), which all that speak TLS 1.3 know, and openssl in every version. Left as key.pem, for openssl. */
function newKey(workshop: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writeFileSync(join(workshop, 'key.pem'), pem, { mode: 0o600 });
  return pem;
}

/** Gives key.pem and the certificate their names, unless a file has one of them. A full disk is met before that. */
function put(files: Files, workshop: string, certificate: string): void {
  writeFileSync(join(workshop, 'certificate.pem'), certificate);
  linkSync(join(workshop, 'key.pem'), files.key);
  try {
    linkSync(join(workshop, 'certificate.pem'), files.certificate);
  } catch (error) {
    rmSync(files.key);
    throw error;
  }
}

function readAuthority({ certificate, key }: Files): X509Certificate {
  const found = parsed(certificate, () => new X509Certificate(readFileSync(certificate)));
  if (!found.ca) throw new AuthorityError(`${certificate} is no authority's certificate: begin in another folder`);
  if (!parsed(key, () => found.checkPrivateKey(createPrivateKey(readFileSync(key))))) {
    throw new AuthorityError(`${key} does not belong to ${certificate}: put the right one back`);
  }
  return found;
}

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const why = isSystemError(cause) ? `can't be read (${cause.code})` : 'is not PEM, or has a passphrase';
    throw new AuthorityError(`${file} ${why}: put the right one back, or begin in another folder`, { cause });
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** @param cause - with `dest` where a file was to get another name */
function unwritable(folder: string, cause: NodeJS.ErrnoException & { readonly dest?: string }): AuthorityError {
  if (cause.code === 'EEXIST') {
    const file = cause.dest ?? cause.path ?? folder;
    return new AuthorityError(`${file} is there already, and is not written over: move it away first`, { cause });
  }
  return new AuthorityError(`${folder} can't be written to (${cause.code}): choose a folder of your own`, { cause });
}

function dayOf(certificate: X509Certificate): string {
  return new Date(certificate.validTo).toISOString().slice(0, 10);
}

/** Random and positive, so that no list of those given out is kept. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return `0x${bytes.toString('hex')}`;
}
