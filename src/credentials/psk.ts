/**
 * TLS 1.3 with a pre-shared key: both ends prove that they have the same secret, and each connection gets keys of its own
 * from a Diffie-Hellman exchange, so that who learns the secret later can't read what was recorded.
 *
 * Neither side has a certificate. That a key of this ring was used is established for each socket by itself: the acceptor
 * notes which key it gave out for that very socket, the dialler that no certificate came in place of its key.
 */
import type { TLSSocket } from 'node:tls';
import { builtins } from '../builtins.js';
import { MasterlessError } from '../errors.js';
import type { Security } from '../transports/security.js';
import type { Proof } from '../transports/transport.js';
import { readSecret, type SecretKey } from './secret.js';
import { PROTOCOL_NAME, tlsParameters } from './tls-parameters.js';

/** More than a rotation ever needs at a time. */
const MOST_SECRETS = 16;

/**
 * Reads the option `secret`: the first is dialled with, all are accepted.
 * @throws MasterlessError `ERR_OPTION`
 */
export function readSecrets(given: unknown): readonly SecretKey[] {
  const list: unknown[] = Array.isArray(given) ? Array.from(given) : [given];
  if (list.length === 0)
    throw new MasterlessError('ERR_OPTION', 'option secret is an empty list: leave it out, or give one');
  if (list.length > MOST_SECRETS) {
    throw new MasterlessError(
      'ERR_OPTION',
      `option secret has ${list.length} secrets, and ${MOST_SECRETS} are the most`,
    );
  }
  return list.map((each, index) => readSecret(Array.isArray(given) ? `secret[${index}]` : 'secret', each));
}

/**
 * @param keys - those that count now, the one to dial with first
 * @throws MasterlessError `ERR_UNSUPPORTED` where TLS would leave the key out
 */
export function pskSecurity(keys: () => readonly SecretKey[]): Security {
  if (!knowsKeys()) {
    throw new MasterlessError(
      'ERR_UNSUPPORTED',
      'option secret needs TLS with a pre-shared key (pskCallback), which this runtime does not know: run the node with Node.js, or use certificates (option tls)',
    );
  }
  const parameters = { ...tlsParameters(), ciphers: 'TLS_AES_128_GCM_SHA256', ALPNProtocols: [PROTOCOL_NAME] };
  // No certificate can be verified by an empty list.
  const secureContext = builtins.tls.createSecureContext({ ...parameters, ca: [] });
  const given = new WeakMap<TLSSocket, SecretKey>();
  const holds = (key: SecretKey): boolean => keys().some((each) => sameKey(each, key));
  const accepting = {
    options: {
      ...parameters,
      // What is thrown in this callback ends the process: it looks something up, and that is all.
      pskCallback: (socket: TLSSocket, identity: string): Uint8Array | null => {
        const key = keys().find((each) => each.identity === identity);
        if (key === undefined) return null;
        given.set(socket, key);
        return key.psk;
      },
    },
    prove(socket: TLSSocket): Proof | MasterlessError {
      const key = given.get(socket);
      return key !== undefined && byKeyAlone(socket) && holds(key) ? proof(key) : unproven('it');
    },
  };
  const proof = (key: SecretKey): Proof => ({ certificate: null, holds: () => holds(key) });
  return {
    advice: 'do both nodes have the same secret?',
    accepting: () => accepting,
    dialling() {
      const key = keys()[0] as SecretKey;
      return {
        options: {
          secureContext,
          ALPNProtocols: [PROTOCOL_NAME],
          pskCallback: () => ({ identity: key.identity, psk: key.psk }),
          // Asked only when a certificate came, which no node has that was given a secret.
          checkServerIdentity: () => unproven('who answered'),
        },
        prove: (socket) => (byKeyAlone(socket) && holds(key) ? proof(key) : unproven('who answered')),
      };
    },
  };
}

/** Node looks at what it is given for this option; a runtime that does not know it leaves it out without a word. */
function knowsKeys(): boolean {
  try {
    builtins.tls.createServer({ pskCallback: 'no function' as never });
    return false;
  } catch {
    return true;
  }
}

/** To TLS a pre-shared key is a session that goes on; there are no others here, since tickets are neither given nor taken. */
function byKeyAlone(socket: TLSSocket): boolean {
  const protocol = socket.getProtocol() === 'TLSv1.3' && socket.alpnProtocol === PROTOCOL_NAME;
  return protocol && socket.isSessionReused() && socket.getPeerX509Certificate() === undefined;
}

function sameKey(left: SecretKey, right: SecretKey): boolean {
  return builtins.crypto.timingSafeEqual(left.psk, right.psk);
}

function unproven(who: string): MasterlessError {
  return new MasterlessError('ERR_UNAUTHORIZED', `${who} did not prove that it has the secret`);
}
