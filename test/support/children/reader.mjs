// Takes its time: reads nothing until it is told, then everything.
import { once } from 'node:events';
import { Server } from '../../../dist/index.js';

const node = new Server('reader');
const [uri] = await once(node, 'listening');
const reader = node.messages();
gc();
process.send({ uri, rss: process.memoryUsage.rss() });
await once(process, 'message');
process.send({ rss: process.memoryUsage.rss() });
let count = 0;
let inOrder = true;
for await (const { packet } of reader) {
  if (packet === 'end') break;
  inOrder &&= new DataView(packet.buffer, packet.byteOffset).getUint32(0) === count;
  count++;
}
process.send({ count, inOrder });
await node.close();
process.disconnect();
