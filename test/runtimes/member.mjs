// A node in whatever runtime runs this: sends back what it gets, and says a line of JSON about itself when it listens, or
// why it can't. Ends when its input does.
import { Server } from '../../dist/index.js';

const { id, options } = JSON.parse(process.argv[2]);
const say = (word) => process.stdout.write(`${JSON.stringify(word)}\n`);

try {
  const node = new Server(id, options);
  // Each packet is numbered; one that finds no room goes when there is some, after those before it.
  const waiting = new Map();
  const send = (to) => {
    const queue = waiting.get(to) ?? [];
    while (queue.length > 0 && node.send(to, queue[0])) queue.shift();
  };
  node.on('message', (sender, packet) => {
    if (!waiting.has(sender)) waiting.set(sender, []);
    waiting.get(sender).push(packet);
    send(sender);
  });
  // Should a session end before its time, the faults before that may say why.
  const faults = [];
  node.on('fault', (remote, { code, message }) => faults.push(`${remote} ${code} ${message}`));
  node.on('disconnect', (peer, reason) => {
    if (reason !== 'closed') console.error(`${id}: ${peer} is gone: ${reason}`, faults);
  });
  for (const event of ['drain', 'connect', 'reconnect']) node.on(event, send);
  node.on('listening', (uri) => say({ uri }));
  process.stdin.on('end', () => void node.close().then(() => process.exit(0)));
  process.stdin.resume();
} catch (error) {
  say({ refused: error.code });
}
