/** A cluster of two: each worker listens where it is told, and says at which address, or why it can't. */
import cluster from 'node:cluster';
import { Server } from '../../../dist/index.js';

if (cluster.isPrimary) {
  for (const id of ['a', 'b']) cluster.fork({ NODE: id });
  let told = 0;
  cluster.on('message', (_worker, text) => {
    console.log(text);
    if (++told < 2) return;
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    process.exitCode = 0;
    process.disconnect?.();
  });
} else {
  const node = new Server(process.env.NODE, { listen: process.argv[2] });
  node.on('listening', (uri) => process.send(uri));
  node.on('error', (error) => process.send(error.code));
}
