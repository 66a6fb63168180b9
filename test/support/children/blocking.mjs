// A node whose loop stands still for as long as it is told.
import { once } from 'node:events';
import { Server } from '../../../dist/index.js';

const node = new Server('blocking');
const [uri] = await once(node, 'listening');
const heard = [];
const events = [];
node.on('message', (_sender, packet) => heard.push(packet));
for (const event of ['disconnect', 'reconnecting', 'reconnect', 'undelivered', 'unreachable', 'conflict']) {
  node.on(event, (...args) => events.push([event, ...args]));
}
node.once('connect', () => process.send('connected'));
process.on('message', async ({ block, report }) => {
  if (report) process.send({ heard, events });
  if (block === undefined) return;
  node.send('a', 'before');
  process.send('blocking now', () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, block);
    node.send('a', 'after');
  });
});
process.send({ uri });
