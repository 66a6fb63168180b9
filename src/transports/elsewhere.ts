/**
 * Host names that a peer on another machine told. What a name stands for is known when it is resolved and not before, and
 * whoever owns the name can answer something else each time: so each answer is looked at, and what is handed on is what
 * is connected to.
 */
import type { LookupFunction } from 'node:net';
import { builtins } from '../builtins.js';
import { MasterlessError } from '../errors.js';
import { isLoopback, isWildcard } from './loopback.js';

/**
 * Resolves names as `net` does by itself, to the addresses of other machines only; with none left it is an error.
 * @param uri - what is dialled, for people
 */
export function elsewhereOnly(uri: string): LookupFunction {
  return (host, options, callback) => {
    builtins.dns.lookup(host, { ...options, all: true }, (error, all) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const others = all.filter(({ address }) => !isLoopback(address) && !isWildcard(address));
      const [first] = others;
      if (first === undefined) callback(forbidden(uri), []);
      else if (options.all === true) callback(null, others);
      else callback(null, first.address, first.family);
    });
  };
}

function forbidden(uri: string): MasterlessError {
  return new MasterlessError(
    'ERR_UNREACHABLE',
    `${uri}: the host name stands for this machine, and a peer on another one told it: it is not dialled`,
  );
}
