/**
 * What people read of a storm that failed: what went wrong, the smallest script found that goes wrong in the same way,
 * one command that repeats it, and its trace.
 */
import { formatScript, type Script } from './script.js';
import { shrink } from './shrink.js';
import { type Played, play } from './storm.js';
import { kindOf } from './violation.js';

/** Scripts that are run at most to make one small. */
const TRIES = 1000;
/** Lines of a trace at most: its end says most. */
const LINES = 300;

/**
 * @param script - what was played
 * @param played - what came of it, an error
 * @param origin - what the script was drawn from, for people
 */
export function explain(script: Script, { error, actions }: Played, origin: string): string {
  const kind = kindOf(error);
  const failing = { ...script, steps: script.steps.slice(0, actions) };
  const trial = (candidate: Script): string | null => {
    const played = play(candidate);
    return played.error === null ? null : kindOf(played.error);
  };
  const { script: small, tries } = shrink(failing, kind, trial, TRIES);
  return [
    `${error?.message}, in the storm of ${origin}`,
    `repeat it with: ${commandOf(small)}`,
    `shrunk from ${script.steps.length} actions to ${small.steps.length}, in ${tries} tries:`,
    ...shortened(traceOf(small).lines),
  ].join('\n');
}

/** What repeats a script: a line for a shell. */
function commandOf(script: Script): string {
  return `npm run proof -- --script='${formatScript(script)}'`;
}

/** What happens in a script, line by line, and what goes wrong at its end. */
export function traceOf(
  script: Script,
  most: number = Number.POSITIVE_INFINITY,
): { error: Error | null; lines: string[] } {
  const lines: string[] = [];
  const { error } = play(script, most, (line) => lines.push(line));
  lines.push(error === null ? 'nothing went wrong' : (error.stack ?? error.message));
  return { error, lines };
}

function shortened(lines: readonly string[]): readonly string[] {
  const left = lines.length - LINES;
  return left > 0 ? [`(${left} lines before)`, ...lines.slice(left)] : lines;
}
