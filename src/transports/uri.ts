/**
 * How a transport refuses an address: what was given, what is wrong with it, and what a right one looks like. Addresses
 * come from users and from peers, so nothing is taken for granted about them and only their beginning is shown.
 */
import { MasterlessError } from '../errors.js';

const SHOWN = 120;

/** What a transport's addresses are called, and an example of one. */
export interface UriKind {
  /** With its article, for example `a TCP address`. */
  readonly name: string;
  readonly example: string;
}

/**
 * The address as text.
 * @throws MasterlessError `ERR_URI` for anything but a string
 */
export function uriText(uri: unknown, kind: UriKind): string {
  if (typeof uri === 'string') return uri;
  const what = uri === null ? "null, which is what info() gives before 'listening'" : `of type ${typeof uri}`;
  throw new MasterlessError('ERR_URI', `the address is ${what}: it must be a string such as ${kind.example}`);
}

/** @throws MasterlessError `ERR_URI`, always */
export function refuseUri(uri: string, kind: UriKind, why: string): never {
  const shown = JSON.stringify(uri.length > SHOWN ? `${uri.slice(0, SHOWN)}…` : uri);
  throw new MasterlessError('ERR_URI', `${shown} is not ${kind.name}: ${why}; a right one is ${kind.example}`);
}
