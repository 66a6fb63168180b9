// An honest peer of a node that is attacked: sends it numbered packets all the while, and expects each back, once and in
// order. It can also send as fast as it may, to see what an attack costs.
import { Server } from '../../../dist/index.js';

const { id, victim, uri, options } = JSON.parse(process.argv[2]);
const EVERY = 4;

const node = new Server(id, { listen: [], ...options });
let [sent, back, disorder, filler] = [0, 0, 0, 0];
const events = [];
for (const event of ['disconnect', 'reconnecting', 'reconnect', 'undelivered', 'conflict']) {
  node.on(event, (...args) => events.push([event, ...args]));
}
node.on('message', (_sender, packet) => {
  if (packet !== back++) disorder++;
});
await node.connect(uri);
process.on('disconnect', () => process.exit());
process.on('message', ({ ask, order, ...rest }) => {
  orders[order](rest).then(
    (answer) => process.send({ ask, answer }),
    (error) => process.send({ ask, error: error.stack }),
  );
});
let pacing = setInterval(send, EVERY);
process.send({});

const orders = {
  /** Sends one more, and answers when all that was sent has come back. */
  async check() {
    send();
    const last = sent;
    await node.flush(victim);
    while (back < last) await new Promise((resolve) => setTimeout(resolve, 1));
    return { sent: last, back, disorder, events, connected: node.connections() };
  },
  /** As many as fit, for so long; answers with how many came back in that time. */
  async rush({ time }) {
    clearInterval(pacing);
    const [from, end] = [back, performance.now() + time];
    while (performance.now() < end) {
      filler = 0;
      while (sent - back < 2000 && filler++ < 500) send();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const count = back - from;
    pacing = setInterval(send, EVERY);
    return { count };
  },
  async close() {
    clearInterval(pacing);
    await node.close();
    setImmediate(() => process.exit());
  },
};

function send() {
  if (node.send(victim, sent)) sent++;
}
