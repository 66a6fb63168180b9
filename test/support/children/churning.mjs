// One node that stays and others that come and go: by goodbye, by new node objects, and by broken links.
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { Server } from '../../../dist/index.js';

const cycles = Number(process.argv[2]);
const hub = new Server('hub', { resumeWindow: 0 });
hub.on('message', (sender, packet) => hub.send(sender, packet));
const [uri] = await once(hub, 'listening');
const stays = new Server('stays', { listen: [], resumeWindow: 0 });
stays.on('message', () => undefined);

await say();
// Caches and compiled code have grown to their size by then.
await churn(1000);
await say();
await churn(cycles);
await say();
await Promise.all([hub.close(), stays.close()]);

async function churn(count) {
  for (let i = 0; i < count; i++) {
    await stays.connect(uri);
    await stays.deliver('hub', i);
    await stays.disconnect('hub');
    // Every tenth is a node of its own, with an id never seen before.
    if (i % 10 !== 0) continue;
    const other = new Server(`other-${count}-${i}`, { listen: [], resumeWindow: 0 });
    other.on('message', () => undefined);
    await other.connect(uri);
    await other.deliver('hub', i);
    await other.close();
  }
}

async function say() {
  // What lingers has its second to go.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  gc();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((kind) => kind === 'Timeout').length;
  process.send({
    heap: process.memoryUsage().heapUsed,
    descriptors: existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0,
    timers,
    resources: resources.length - timers,
  });
}
