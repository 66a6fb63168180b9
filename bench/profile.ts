/**
 * `npm run profile [-- PEER [TRAFFIC]]`: what each function costs per packet, in the sender and in the receiver. Sampling
 * itself costs something, and the compiler moves small functions into those that call them: read it as an order of things.
 */
import { type Opening, Pair, type Traffic } from './pair.js';
import type { Cost } from './profiler.js';
import { plain } from './report/table.js';

/** Milliseconds. */
const LENGTH = 4000;
const SHOWN = 16;

const traffics: Readonly<Record<string, Traffic & { readonly opening?: Opening }>> = {
  small: { mode: 'stream' },
  mixed: { mode: 'stream', kind: 'mixed' },
  'binary-1k': { mode: 'stream', kind: 'binary', size: 1024 },
  'binary-64k': { mode: 'stream', kind: 'binary', size: 65_536 },
  'ping-pong': { mode: 'echo', inFlight: 1 },
  'in-flight': { mode: 'echo', inFlight: 64 },
  'fan-out': { mode: 'broadcast', opening: { pattern: 'broadcast', links: 16 } },
};

const [peer = 'ours', wanted = 'small'] = process.argv.slice(2);
const chosen = traffics[wanted];
if (chosen === undefined) throw new Error(`${wanted} is none of ${Object.keys(traffics).join(', ')}`);
const { opening = {}, ...traffic } = chosen;
await Pair.with(peer, 'tcp', async (pair) => {
  await pair.open(opening);
  const warm = await pair.warmAndRun(traffic, LENGTH / 4);
  await pair.profile();
  const { packets, cpu } = await pair.run({ ...traffic, count: (warm.packets * 4) / (opening.links ?? 1) });
  const [sender, receiver] = await pair.profiled();
  console.log(`${peer}, ${wanted}: ${packets} packets, ${(cpu / packets).toFixed(3)} µs of both processes for each`);
  print('sender', sender, packets);
  print('receiver', receiver, packets);
});

function print(side: string, costs: readonly Cost[], packets: number): void {
  const all = costs.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const rows = costs.slice(0, SHOWN).map(({ name, microseconds }) => {
    return [name, ((microseconds * 1000) / packets).toFixed(0), `${((microseconds / all) * 100).toFixed(1)} %`];
  });
  console.log(`\n${plain({ head: [side, 'ns a packet', 'share'], rows })}`);
}
