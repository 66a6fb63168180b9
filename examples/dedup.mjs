// Both sides dial at the same moment, twice each. One connection stays.
import { once } from 'node:events';
import { Server } from 'masterless';

const left = new Server('left');
const right = new Server('right');
for (const node of [left, right]) node.on('connect', (id) => console.log(node.id, 'is connected to', id));
await Promise.all([once(left, 'listening'), once(right, 'listening')]);

const dials = [left, right, left, right].map((node) => node.connect((node === left ? right : left).info()));
console.log('all dials ended at', await Promise.all(dials));
console.log('left has', left.connections(), 'and right has', right.connections());
await Promise.all([left.close(), right.close()]);
