/** A listener of the attacker's, for nodes that dial it: it shakes hands as a member, and says HELLO. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { readSecret } from '../../src/credentials/secret.js';
import { encodeHello, type Hello } from '../../src/protocol/control.js';
import { certificate } from '../support/certificates.js';
import { type Mode, SECRET } from './mode.js';

export class Impostor {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(mode: Mode, hello: Hello) {
    const greet = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).resume();
      socket.write(encodeHello(hello));
    };
    this.#server = mode === 'plain' ? createServer(greet) : createTls(optionsIn(mode), greet);
  }

  static async open(mode: Mode, hello: Hello): Promise<Impostor> {
    const made = new Impostor(mode, hello);
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get uri(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function optionsIn(mode: Mode): TlsOptions {
  const common = { minVersion: 'TLSv1.3', ALPNProtocols: ['masterless'] } as const;
  if (mode === 'secret') {
    const { psk } = readSecret('secret', SECRET);
    return { ...common, ciphers: 'TLS_AES_128_GCM_SHA256', pskCallback: () => psk };
  }
  const { key, cert, ca } = certificate('a') as { key: string; cert: string; ca: string };
  return { ...common, key, cert, ca, requestCert: true, rejectUnauthorized: false };
}
