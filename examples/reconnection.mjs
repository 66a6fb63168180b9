// right disconnects; left keeps the link, and wins it back with one attempt. left's application sees one `connect`.
import { once } from 'node:events';
import { Server } from 'masterless';

const left = new Server('left');
const right = new Server('right');
for (const node of [left, right]) {
  node.on('connect', (id) => console.log(node.id, 'connect', id));
  node.on('disconnect', (id, reason) => console.log(node.id, 'disconnect', id, reason));
  node.on('reconnecting', (id, attempt) => console.log(node.id, 'reconnecting', id, attempt));
  node.on('reconnect', (id) => console.log(node.id, 'reconnect', id));
  node.on('message', (sender, packet) => console.log(node.id, 'has', packet, 'from', sender));
}
await once(right, 'listening');

// Keeping is a wish of each side: disconnecting withdraws right's own, and left's remains.
right.keep(left.id);
left.connect(right.info());
left.once('connect', () => {
  // causes a reconnect
  right.disconnect(left.id);
});
await once(left, 'reconnect');
await left.deliver('right', { still: 'here' });
await Promise.all([left.close(), right.close()]);
