// Two nodes say hello and part.
import { Server } from 'masterless';

const left = new Server('left');
const right = new Server('right');

left.on('listening', (info) => right.connect(info));
right.on('connect', (id) => right.send(id, { hello: 'from right' }));
left.on('message', (sender, packet) => left.send(sender, { ...packet, and: 'from left' }));
right.on('message', (sender, packet) => {
  console.log(sender, JSON.stringify(packet));
  left.close(() => right.close(() => console.log('closed')));
});
