// Sends as fast as it can until it is told to stop; then how much it got rid of.
import { Server } from '../../../dist/index.js';

const [uri, size] = process.argv.slice(2);
const node = new Server('flooder', { listen: [] });
const id = await node.connect(uri);
const packet = new Uint8Array(Number(size));
const view = new DataView(packet.buffer);
let accepted = 0;
let refused = 0;
let stop = false;
process.once('message', () => {
  stop = true;
});
gc();
process.send({ rss: process.memoryUsage.rss() });
while (!stop) {
  for (let i = 0; i < 1000; i++) {
    view.setUint32(0, accepted);
    if (node.send(id, packet)) accepted++;
    else refused++;
  }
  await new Promise(setImmediate);
}
process.send({ rss: process.memoryUsage.rss(), accepted, refused });
await node.deliver(id, 'end');
await node.close();
process.disconnect();
