/**
 * One of the two processes of a measurement: does what the command asks, one question after the other. It leads a process
 * group of its own, in which whatever it starts (a broker) ends together with it, also when the command itself is killed.
 */
import { readFileSync } from 'node:fs';
import type { Packet } from './packets.js';
import type { Hear, Hub, Peer, Reach, Side, Wish } from './peer.js';
import { peerNamed } from './peers.js';
import { Profiler } from './profiler.js';
import { drive } from './traffic/drive.js';
import { moment } from './traffic/spec.js';
import { Tally } from './traffic/tally.js';
import { trickle, Watch } from './traffic/watch.js';
import type { Answers, Question, Questions } from './worker-questions.js';

/** Clock ticks of the kernel's accounting: 100 a second on every Linux that Node runs on. */
const TICK_MICROSECONDS = 10_000;

let peer: Peer;
let hub: Hub | null = null;
const sides: { readonly side: Side; readonly reach: Reach }[] = [];
let tally: Tally | null = null;
let watch: Watch | null = null;
let hear: Hear = unasked;
const profiler = new Profiler();

const answers: { readonly [Q in Question]: (given: Questions[Q]) => Answers[Q] | Promise<Answers[Q]> } = {
  async load({ peer: name }) {
    peer = await (await peerNamed(name)).load();
    return null;
  },
  async listen({ wish }) {
    hub = await peer.listen(wish, (link, packet) => hear(link, packet));
    return { addresses: hub.addresses };
  },
  async ready({ links }) {
    await theHub().ready(links);
    return null;
  },
  async dial({ reach, wish }) {
    const side = await peer.dial(reach, wish, (link, packet) => hear(link, packet));
    sides.push({ side, reach });
    return null;
  },
  expect({ spec }) {
    const counting = new Tally(spec, spec.mode === 'broadcast');
    tally = counting;
    hear =
      spec.mode === 'echo'
        ? (link, packet) => echo(counting, link, packet)
        : (link, packet) => counting.hear(link, packet);
    return null;
  },
  async arrived() {
    if (tally === null) throw new Error('nothing was expected');
    const ended = await tally.complete;
    return { ...tally.sum, ended };
  },
  drive: ({ spec }) => drive(theHub(), spec, (listener) => (hear = listener)),
  watch() {
    const watching = new Watch();
    watch = watching;
    hear = (link, packet) => watching.hear(link, packet);
    return null;
  },
  watched() {
    if (watch === null) throw new Error('nothing was watched');
    return watch.result;
  },
  trickle: ({ first, milliseconds }) => trickle(theHub(), first, milliseconds),
  usage({ settle }) {
    if (settle) for (let times = 0; times < 4; times++) globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    return {
      cpu: user + system + helperCpu(),
      memory: process.memoryUsage.rss(),
      peak: process.resourceUsage().maxRSS * 1024,
    };
  },
  first: ({ peer: name, wish }) => firstPacket(name, wish),
  async profile() {
    await profiler.start();
    return null;
  },
  profiled: () => profiler.stop(),
};

process.on('message', ({ question, given }: { question: Question; given: never }) => {
  void answer(question, given);
});
process.on('disconnect', end);
process.on('uncaughtException', (error) => {
  process.send?.({ failure: error.stack ?? String(error) }, () => end());
});

/** Until a measurement begins, nothing may come. */
function unasked(link: number, packet: Packet): void {
  throw new Error(`link ${link}: packet ${packet.id} came, and none was sent`);
}

async function answer(question: Question, given: never): Promise<void> {
  try {
    const result = await answers[question](given);
    process.send?.({ result });
  } catch (error) {
    process.send?.({ failure: error instanceof Error ? error.stack : String(error) });
  }
}

function echo(counting: Tally, link: number, packet: Packet): void {
  counting.hear(link, packet);
  const found = sides.find(({ reach }) => link >= reach.first && link < reach.first + reach.count);
  if (found?.side.send(link, packet) !== true) throw new Error(`link ${link}: no room for an answer`);
}

function theHub(): Hub {
  if (hub === null) throw new Error('this process does not listen');
  return hub;
}

/** Microseconds that the hub's helper has used so far; Linux only, as the helper is. */
function helperCpu(): number {
  if (hub?.helper === undefined) return 0;
  const fields = readFileSync(`/proc/${hub.helper}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

/** Both ends in this process, from before the library is loaded to the first packet that came. */
async function firstPacket(name: string, wish: Wish): Promise<{ milliseconds: number }> {
  const begun = moment();
  peer = await (await peerNamed(name)).load();
  const came = new Promise<number>((resolve) => {
    hear = () => resolve(moment());
  });
  hub = await peer.listen(wish, (link, packet) => hear(link, packet));
  const reach = { addresses: hub.addresses, first: 0, count: 1 };
  sides.push({ side: await peer.dial(reach, wish, (link, packet) => hear(link, packet)), reach });
  await hub.ready(1);
  if (!hub.send(0, { id: 1 })) throw new Error('the first packet was not taken');
  return { milliseconds: ((await came) - begun) / 1e6 };
}

function end(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // It leads no group: it was started by hand.
    process.exit(1);
  }
}
