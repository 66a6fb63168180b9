/**
 * `npm run soak`: four nodes under everything at once, for hours; then the slopes of their memory and descriptors, and a
 * plot of them.
 *
 *   --hours=N     how long; may be a fraction. 8 without it
 *   --seed=SEED   another order of events
 */
import { parseArgs } from 'node:util';
import { soak } from '../chaos/soak.js';
import { figure } from './part.js';

const { values: given } = parseArgs({ options: { hours: { type: 'string' }, seed: { type: 'string' } } });
const seconds = Number(given.hours ?? 8) * 3600;
const seed = Number(given.seed ?? 90_000_000);
if (!(seconds > 0)) throw new Error(`--hours=${given.hours}: a number above 0`);

console.log(`for ${figure(seconds)} s; repeat it with: npm run soak -- --hours=${seconds / 3600} --seed=${seed}`);
// About a thousand samples of each node.
const { figures, lines, folder } = await soak({ seed, seconds, every: Math.max(2, seconds / 1000) });
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(12)} ${figure(value).padStart(12)}`);
console.log([...lines, `samples and plot are in ${folder}`].join('\n'));
