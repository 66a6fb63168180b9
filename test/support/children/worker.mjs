// Notes each packet in a file before it is acknowledged: what is written there survives this process.
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { Server } from '../../../dist/index.js';

const [path, ledger] = process.argv.slice(2);
const file = openSync(ledger, 'a');
const node = new Server('worker', { listen: `unix://${path}` });
node.on('message', (_sender, packet) => writeSync(file, `${String(packet)}\n`));
await once(node, 'listening');
process.send('listening');
