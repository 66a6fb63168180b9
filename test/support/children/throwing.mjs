// A node whose listener throws, and nobody catches.
import { once } from 'node:events';
import { Server } from '../../../dist/index.js';

const b = new Server('b');
const [uri] = await once(b, 'listening');
const a = new Server('a');
b.on('message', () => {
  throw new Error('thrown by the application');
});
await a.connect(uri);
a.send('b', 1);
