// Two nodes hand a counter to and fro. The original counts for ever; this one stops at 500.
import { Server } from 'masterless';

const left = new Server('e4663c9c3f9a89112afc48389a951e09');
const right = new Server('b073a8ee09e1daca57e9d54a5efe5684');

left.on('listening', (info) => {
  right.connect(info);
});

right.on('connect', (id) => {
  right.send(id, { type: 'counter', total: 0 });
});

left.on('message', onmessage);
right.on('message', onmessage);

function onmessage(sender, packet) {
  if (packet.type !== 'counter') {
    console.log('unknown packet', packet);
    return;
  }
  if (packet.total % 100 === 0) console.log('counter at', packet.total);
  if (packet.total < 500) this.send(sender, { type: 'counter', total: packet.total + 1 });
  else void Promise.all([left.close(), right.close()]);
}
