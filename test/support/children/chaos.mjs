// A node under chaos: it pours numbered packets to its peers as it is told, and notes in a journal all that it hears,
// packets before they are acknowledged, so that what is written there survives this process. test/chaos/ledger.ts reads it.
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { setTimeout as pass } from 'node:timers/promises';
import { Server } from '../../../dist/index.js';
import { isWhole, packet } from './chaos-packets.mjs';

/** Bytes of one part of the journal; whoever reads it can take away those before the last. */
const PART = 4_000_000;
const [NORMAL, URGENT] = [0, 1];

const { id, life, journal, options } = JSON.parse(process.argv[2]);
let parts = 0;
let written = 0;
let file = openSync(`${journal}.0`, 'a');
/** Of each peer: sessions begun, and packets accepted in each lane. */
const flows = new Map();
let pouring = null;
let over = false;

const node = new Server(id, options);
node.on('message', (sender, got) => {
  const [from, session, lane, number] = got;
  note(isWhole(got) && from.startsWith(`${sender}.`) ? 'got' : 'altered', from, session, lane, number);
});
node.on('connect', (peer, { incarnation }) => {
  flow(peer).session++;
  note('connect', peer, incarnation);
});
node.on('undelivered', (peer, { uncertain, unsent }) => {
  noteAll('uncertain', peer, uncertain);
  noteAll('unsent', peer, unsent);
});
for (const event of ['disconnect', 'reconnecting', 'reconnect', 'conflict']) {
  node.on(event, (...args) => note(event, ...args));
}
const [uri] = options.listen?.length === 0 ? [null] : await once(node, 'listening');
process.on('disconnect', () => {
  if (!over) process.exit(1);
});
process.on('message', ({ ask, order, ...rest }) => {
  orders[order](rest).then(
    (answer) => process.send({ ask, answer }),
    (error) => process.send({ ask, error: error.stack }),
  );
});
process.send({ uri });

const orders = {
  async connect({ to }) {
    return node.connect(to);
  },
  async disconnect({ peer }) {
    await node.disconnect(peer);
  },
  /** From now on, every so often a burst of packets to each. */
  async pour({ to, every, burst, large, most, seed }) {
    clearInterval(pouring);
    const chance = generator(seed);
    pouring = setInterval(() => {
      for (const peer of to) {
        for (let i = 0; i < burst; i++) {
          const size = Math.floor(chance() * (chance() < large ? most : 200));
          const lane = size < 100_000 && chance() < 0.05 ? URGENT : NORMAL;
          if (chance() < 0.02) void deliver(peer, lane, size);
          else if (!send(peer, lane, size)) break;
        }
      }
    }, every);
  },
  async hold() {
    clearInterval(pouring);
  },
  /** One packet of this size, when there is room for it; answers when it was had. */
  async send({ peer, lane, size }) {
    while (!node.writable(peer, size + 100)) await pass(20);
    await deliver(peer, lane, size);
  },
  /** Stops its loop; answers when it runs again. */
  async block({ time }) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
  },
  /** Answers when each of the peers has had all that was accepted for it, and one packet more. */
  async settle({ peers }) {
    clearInterval(pouring);
    await Promise.all(peers.map(settled));
  },
  async state() {
    const before = process.memoryUsage();
    gc();
    return {
      connections: node.connections(),
      accepted: [...flows.values()].reduce((sum, { next }) => sum + next[NORMAL] + next[URGENT], 0),
      heap: process.memoryUsage().heapUsed,
      rss: before.rss,
      descriptors: descriptors(),
      sockets: process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length,
    };
  },
  /** What its peers do from now on is no fault: they part. */
  async end() {
    note('end');
  },
  async close() {
    await node.close();
    for (const [peer, { next }] of flows) {
      for (const lane of [NORMAL, URGENT]) note('accepted', peer, lane, next[lane]);
    }
    closeSync(file);
    over = true;
    // Nothing may be left that keeps this process.
    setImmediate(() => process.disconnect());
  },
};

function flow(peer) {
  if (!flows.has(peer)) flows.set(peer, { session: 0, next: [0, 0] });
  return flows.get(peer);
}

function send(peer, lane, size) {
  const { session, next } = flow(peer);
  const accepted = node.send(peer, packet(life, session, lane, next[lane], size), { urgent: lane === URGENT });
  if (accepted) next[lane]++;
  return accepted;
}

/** Sends where there is room. Resolves to whether it was had. */
async function deliver(peer, lane, size) {
  if (!node.writable(peer, size + 100)) return false;
  const { session, next } = flow(peer);
  const number = next[lane]++;
  try {
    await node.deliver(peer, packet(life, session, lane, number, size), { urgent: lane === URGENT });
  } catch (error) {
    if (error.code !== 'ERR_UNDELIVERED') throw error;
    return false;
  }
  note('confirmed', peer, lane, number);
  return true;
}

async function settled(peer) {
  for (;;) {
    while (!node.connections().includes(peer)) await pass(20);
    try {
      await node.flush(peer);
      if (await deliver(peer, NORMAL, 0)) return;
    } catch (error) {
      if (error.code !== 'ERR_UNDELIVERED' && error.code !== 'ERR_UNKNOWN_PEER') throw error;
    }
  }
}

function note(...words) {
  if (over) return;
  const line = `${words.join(' ')}\n`;
  writeSync(file, line);
  written += line.length;
  if (written < PART) return;
  closeSync(file);
  file = openSync(`${journal}.${++parts}`, 'a');
  written = 0;
}

/** Packets that a session did not deliver, as ranges. */
function noteAll(what, peer, packets) {
  for (const lane of [NORMAL, URGENT]) {
    const ranges = [];
    for (const each of packets) {
      const [from, , its, number] = each;
      if (from !== life || !isWhole(each)) note('altered', ...each.slice(0, 4));
      if (its !== lane) continue;
      if (ranges.at(-1)?.[1] === number - 1) ranges.at(-1)[1] = number;
      else ranges.push([number, number]);
    }
    if (ranges.length > 0) note(what, peer, lane, ranges.map((range) => range.join('-')).join(','));
  }
}

/** The same chances for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function descriptors() {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
