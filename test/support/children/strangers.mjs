// Strangers at a port: each comes, says what makes no sense there, stays until it is shown out, and another comes.
import { connect } from 'node:net';

const [port, most] = process.argv.slice(2).map(Number);
let [seed, wanted, open, come, held] = [1, 0, 0, 0, 0];

const SAY = [
  () => noise(1 + below(1500)),
  () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  () => Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), noise(100)]),
  () => Buffer.from('16030100c8010000c40303', 'hex'),
  () => Buffer.concat([Buffer.from('f22a4d4c0101', 'hex'), noise(60)]),
  () => Buffer.from('efffffff', 'hex'),
  () => Buffer.alloc(20_000, below(256)),
  () => Buffer.alloc(0),
];

process.on('disconnect', () => process.exit());
process.on('message', ({ ask, order, ...rest }) => {
  process.send({ ask, answer: orders[order](rest) });
});
process.send({});
let begun = 0;

const orders = {
  /** From now on so many a second, or as many as there can be; 0 ends it. */
  come({ pace }) {
    begun = performance.now();
    const idle = wanted === 0;
    [wanted, come, held] = [pace ?? Infinity, 0, 0];
    if (idle) arrive();
  },
  /** How many came, and how many could not even come. */
  count() {
    return { come, held };
  },
  close() {
    setImmediate(() => process.exit());
  },
};

function arrive() {
  if (wanted === 0) return;
  const due = wanted === Infinity ? Infinity : ((performance.now() - begun) / 1000) * wanted;
  for (let some = 0; some < 100 && open < most && come < due; some++) one();
  setTimeout(arrive, 2);
}

function one() {
  come++;
  open++;
  const socket = connect(port, '127.0.0.1');
  socket.on('connect', () => {
    const said = SAY[below(SAY.length)]();
    if (said.length > 0) socket.write(said);
  });
  socket.on('error', (error) => {
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') held++;
  });
  socket.on('close', () => {
    open--;
  });
  socket.resume();
}

function below(limit) {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % limit;
}

function noise(length) {
  return Buffer.from(Array.from({ length }, () => below(256)));
}
