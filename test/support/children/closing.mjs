// Two nodes that talk and are closed; then says what still keeps this process.
import { once } from 'node:events';
import { Server } from '../../../dist/index.js';

// The process's own, made when somebody first looks at it, as the package debug does.
void process.stderr.fd;
// What the first node loads by itself, once for the process: on a slow disk that may take longer than this whole program.
await import('debug');
const before = process.getActiveResourcesInfo();
const b = new Server('b');
const [uri] = await once(b, 'listening');
const a = new Server('a', { reconnect: true });
b.on('message', () => undefined);
await a.connect(uri);
await a.deliver('b', 'x');
// One attempt under way, one link, one reader.
a.connect('tcp://127.0.0.1:9').catch(() => undefined);
const reader = b.messages().next();
await Promise.all([a.close(), b.close()]);
await reader;
await new Promise(setImmediate);
const resources = process.getActiveResourcesInfo();
for (const kind of before) {
  const at = resources.indexOf(kind);
  if (at >= 0) resources.splice(at, 1);
}
process.send({ resources: resources.filter((kind) => kind !== 'Immediate') });
