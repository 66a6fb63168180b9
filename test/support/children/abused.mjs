// A node that is attacked, and the proof of what that did to it: turns of its loop, memory, errors that nobody caught,
// faults told, packets of an honest peer. test/abuse/victim.ts gives the orders.
//
// The length of a turn is measured as processor time of this thread, not as time of day: on a busy machine a process waits
// for its turn at a core, which says nothing about what an attacker can make it do. A timer of 1 ms runs in every turn
// that is not shorter than that, so what was used since the last time is at most 1 ms more than one turn took. Memory is
// collected by this thread too (--single-threaded-gc), so that nothing is left out that the loop would have to wait for.
//
// A machine whose host leaves it standing counts that as processor time of whoever was at work. But its clock stands too:
// what the interrupts of the clock bear out was work, whatever the host does. They are counted for each core, so this
// thread stays at one; and they come for others that are at work there, too, for which this thread waits meanwhile: so much of
// them was not for its own work.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { Server } from '../../../dist/index.js';

const { id, honest, options } = JSON.parse(process.argv[2]);
/** Faults kept as they are; beyond, they are counted only. */
const MOST_FAULTS = 2000;
const SCHEDULED = '/proc/thread-self/schedstat';
const isScheduled = existsSync(SCHEDULED);
const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype).length;

const uncaught = [];
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => uncaught.push(`${event}: ${error?.stack ?? error}`));
}

let faults = [];
let counts = {};
let heard = [];
let [listeners, extra] = [[], null];
/** Packets of the honest peer, which are numbered, and of all others. */
const got = { honest: 0, disorder: 0, unanswered: 0, others: 0 };
let [worst, borneOut, highest, samples] = [0, 0, 0, 0];
const read = Buffer.alloc(64 * 1024);
const core = ownCore();
const interrupts = core === null ? null : openSync('/proc/interrupts');
const tick = lengthOfTick();
let [spent, clock] = [used(), moment()];
/** Whether the clock is taken to have stood since then. */
let stood = false;

setInterval(() => {
  const [now, then] = [used(), clock];
  clock = moment();
  worst = Math.max(worst, now - spent);
  borneOut = Math.max(borneOut, Math.min(now - spent, stood ? 0 : between(then, clock)));
  spent = now;
  stood = false;
  if (++samples % 8 === 0) highest = Math.max(highest, process.memoryUsage.rss());
}, 1);

const node = watched(new Server(id, options));
node.on('message', (sender, packet) => {
  if (sender !== honest) {
    got.others++;
    return;
  }
  if (packet !== got.honest++) got.disorder++;
  // Back to where it came from, so that both directions are seen.
  if (!node.send(honest, packet)) got.unanswered++;
});
const [uri] = await once(node, 'listening');
process.on('disconnect', () => process.exit());
process.on('message', ({ ask, order, ...rest }) => {
  Promise.resolve(orders[order](rest)).then(
    (answer) => process.send({ ask, answer }),
    (error) => process.send({ ask, error: error.stack }),
  );
});
process.send({ uri });

const orders = {
  /** What is told from now on is of the next attack. */
  begin() {
    if (typeof gc === 'function') gc();
    faults = [];
    counts = {};
    heard = [];
    worst = 0;
    borneOut = 0;
    highest = process.memoryUsage.rss();
    [spent, clock] = [used(), moment()];
    got.others = 0;
    return { rss: highest };
  },
  end() {
    return {
      stall: worst,
      borneOut,
      rss: Math.max(highest, process.memoryUsage.rss()),
      counts,
      faults: faults.slice(0, 20),
      heard: heard.slice(0, 20),
      uncaught,
      got,
      polluted: Object.getOwnPropertyNames(Object.prototype).length !== PROTOTYPE,
    };
  },
  /** Answers when so many faults of that code, with such words, were told; at the latest after `within`, with how many. */
  async faults({ code, words, count, within }) {
    const pattern = new RegExp(words);
    const matching = () => faults.filter((fault) => fault.code === code && pattern.test(fault.message)).length;
    await until(() => matching() >= count, within);
    return matching();
  },
  /** Answers when such an event was heard, with whether it was. */
  async event({ event, args, within }) {
    const wanted = JSON.stringify([event, ...args]);
    const there = () => heard.some((each) => JSON.stringify(each).startsWith(wanted.slice(0, -1)));
    await until(there, within);
    return there();
  },
  /** Another node in this process, with options of its own, in place of the last one. */
  async make({ options: own, deaf }) {
    await orders.drop();
    try {
      extra = watched(new Server(id, { ...options, ...own }));
    } catch (error) {
      return { code: error.code, message: error.message };
    }
    if (!deaf) extra.on('message', () => got.others++);
    const [at] = await once(extra, 'listening');
    return { uri: at };
  },
  async drop() {
    await extra?.close();
    extra = null;
  },
  /** The attacked node dials. */
  dial({ to, expected }) {
    const wish = (extra ?? node).connect(to, expected === undefined ? {} : { id: expected });
    return wish.then(
      (met) => ({ id: met }),
      ({ code, message }) => ({ code, message }),
    );
  },
  /** The attacked node sends packets of so many bytes; how many were accepted. */
  send({ to, size, count }) {
    let accepted = 0;
    for (let i = 0; i < count; i++) if ((extra ?? node).send(to, new Uint8Array(size))) accepted++;
    return accepted;
  },
  /** What becomes of values that other codecs send with memory that was never written. */
  sendViews({ to }) {
    const views = [new Float64Array(20), new Uint16Array(3), new DataView(new ArrayBuffer(9)), new BigInt64Array(2)];
    return [...views, views].map((view) => {
      try {
        return String(node.send(to, view));
      } catch (error) {
        return error.code;
      }
    });
  },
  rotate({ credentials }) {
    (extra ?? node).rotate(credentials);
  },
  /** One turn of so many milliseconds; as if the clock stood still in it, where that is asked for. */
  toil({ time, still }) {
    const [end, from] = [used() + time, moment()];
    while (used() < end || between(from, moment()) < time);
    stood = still;
  },
  /** TCP connections of this process. */
  sockets() {
    return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
  },
  peers() {
    return (extra ?? node).connections();
  },
  async close() {
    await orders.drop();
    await node.close();
    setImmediate(() => process.exit());
  },
};

/** Milliseconds of processor time of this thread; of the process, where the system does not tell them apart. */
function used() {
  if (isScheduled) return scheduled()[0];
  const { user, system } = (process.threadCpuUsage ?? process.cpuUsage)();
  return (user + system) / 1000;
}

/** The core that this thread stays at from now on; null where the system has no such thing, or no clock to be read. */
function ownCore() {
  if (!existsSync('/proc/interrupts')) return null;
  const own = readFileSync('/proc/thread-self/stat', 'latin1').split(') ')[1].split(' ')[36];
  return spawnSync('taskset', ['-cp', own, String(process.pid)]).status === 0 ? own : null;
}

/** Interrupts of the clock at this core so far: they come as long as anybody is at work there. */
function ticks() {
  if (interrupts === null) return 0;
  const [cores, ...kinds] = read.latin1Slice(0, readSync(interrupts, read, 0, read.length, 0)).split('\n');
  const clocks = kinds.find((kind) => kind.trimStart().startsWith('LOC:'));
  const column = cores.trim().split(/ +/).indexOf(`CPU${core}`);
  return Number(clocks?.trim().split(/ +/)[1 + column] ?? 0);
}

/** Milliseconds that this thread was at work, and those that it waited for others at its core. */
function scheduled() {
  return readFileSync(SCHEDULED, 'latin1')
    .split(' ', 2)
    .map((nanoseconds) => Number(nanoseconds) / 1e6);
}

/** What the clock says. */
function moment() {
  return { ticked: ticks(), waited: isScheduled ? scheduled()[1] : 0 };
}

/** Milliseconds of work of this thread that the clock bears out at most; without a clock, all of it. */
function between(from, to) {
  return interrupts === null ? Infinity : (to.ticked - from.ticked + 1) * tick - (to.waited - from.waited);
}

/** Milliseconds: the longest, so that no work is taken for less than it was. */
function lengthOfTick() {
  let longest = 0;
  for (let moment = 0; moment < 3; moment++) {
    const [begun, from] = [performance.now(), ticks()];
    while (performance.now() < begun + 40);
    longest = Math.max(longest, (performance.now() - begun) / (ticks() - from));
  }
  return longest;
}

function watched(server) {
  for (const event of ['connect', 'disconnect', 'reconnecting', 'undelivered', 'conflict', 'unreachable', 'error']) {
    server.on(event, (...args) => {
      if (heard.length < MOST_FAULTS) heard.push([event, ...args.filter((arg) => typeof arg === 'string')]);
    });
  }
  return server.on('fault', fault);
}

function fault(_remote, { code, message }) {
  counts[code] = (counts[code] ?? 0) + 1;
  if (faults.length < MOST_FAULTS) faults.push({ code, message });
  for (const look of listeners) look();
}

async function until(condition, within) {
  const end = performance.now() + within;
  while (!condition() && performance.now() < end) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, 20);
      listeners = [
        () => {
          clearTimeout(timer);
          resolve();
        },
      ];
    });
  }
  listeners = [];
}
