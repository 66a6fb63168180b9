/**
 * `masterless demo`: the library at work on this machine, with everything broken that can be.
 */
import { Arguments, Exit } from './arguments.js';
import { Coordinator, type DemoResult } from './demo-coordinator.js';
import { loadRecords } from './demo-records.js';
import { Screen } from './demo-screen.js';
import { Interruption } from './interruption.js';

export const help = `masterless demo: five nodes in five processes, broken links, a kill -9, and every packet accounted for.

  masterless demo [--seconds N] [--forever] [--json]

  --seconds N  how long packets flow (default 12, at least 3)
  --forever    until ^C, with a kill -9 every 20 s
  --json       only the result, as a line of JSON

All nodes dial all at the same moment, several times, from both sides. Every link runs through a proxy that resets
connections at random; sometimes all of them at once, while all dial all again. One process is killed with kill -9 and
started again. In the end the receivers have checked that every packet came once, in order and unaltered, and:

  sent = delivered + reported + unknown after kill -9 + lost

"reported" are packets for the killed process of which their sender was told by 'undelivered'. "unknown" are those whose
count was in the memory of the killed process. Sockets are counted by the platform: one link per pair means four each.

exit code  0  nothing lost, duplicated, reordered or altered, and one link per pair
           1  otherwise
           2  a mistake in the command
           130, 143  interrupted by ^C, SIGTERM before its time; for --forever ^C is the end, and the account follows
`;

export async function run(args: readonly string[]): Promise<number> {
  const options = new Arguments(args, { seconds: 'text', forever: 'flag', json: 'flag' });
  options.nothingElse();
  const forever = options.flag('forever');
  const seconds = forever ? null : options.whole('seconds', 12, 3, 86_400);
  const interruption = new Interruption();
  const screen = options.flag('json') ? null : new Screen(process.stdout, { source: loadRecords().source, seconds });
  const coordinator = new Coordinator((what) => screen?.happened(what));
  // However this process ends, its children end too; if it is killed, they find out by themselves.
  process.once('exit', () => coordinator.destroy());
  screen?.open(() => coordinator.state);
  let result: DemoResult | null = null;
  try {
    result = await coordinator.run(seconds === null ? null : seconds * 1000, interruption.signal);
  } finally {
    screen?.close(result);
  }
  if (options.flag('json')) process.stdout.write(`${JSON.stringify(summary(result))}\n`);
  if (result.faults.length > 0) return Exit.failed;
  return forever ? Exit.done : interruption.code;
}

function summary({ elapsed, totals, cuts, storms, kills, reconnects, connections, faults }: DemoResult): object {
  return { ...totals, seconds: elapsed / 1000, cuts, storms, kills, reconnects, connections, faults };
}
