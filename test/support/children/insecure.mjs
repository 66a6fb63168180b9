// Listens where other machines reach it, several times, and says nothing of it itself.
import { once } from 'node:events';
import { Server } from '../../../dist/index.js';

process.disconnect();
for (const options of [{}, { host: '0.0.0.0' }, { host: '0.0.0.0' }]) {
  const server = new Server('a', { ...options, insecure: true });
  await once(server, 'listening');
  await server.close();
}
