/** One side of a recorded conversation, played again by a core of today: it gets what came then, and its answers are kept. */
import { Actor } from './actor.js';
import { bytesOfFrames, type Conversation, isInput, type Step } from './conversation.js';

/** What the node answers today. */
export function replayed(conversation: Conversation, name: string): Step[] {
  const node = conversation.nodes[name];
  if (node === undefined) throw new Error(`${name} is not in the conversation`);
  const own = recorded(conversation, name);
  const lines = own.flatMap((step) => ('dials' in step ? [step.line] : []));
  const writes = own.flatMap((step) => ('writes' in step ? [step.write] : []));
  const bytes = new Map(conversation.steps.flatMap((step) => ('writes' in step ? [[step.write, step.writes]] : [])));
  const answers: Step[] = [];
  const actor = new Actor(node, {
    // Numbers are of the recording; what was not there then gets none.
    lineFor: () => lines.shift() ?? Number.NaN,
    writeNumber: () => writes.shift() ?? Number.NaN,
    bytesOf: (write) => bytesOfFrames(bytes.get(write) ?? []),
    hear: (at, answer) => answers.push({ at, node: name, ...answer }),
  });
  for (const step of conversation.steps) {
    if (step.node !== name || !isInput(step)) continue;
    if (step.does === 'stops') return answers;
    actor.advance(step.at);
    if (actor.feels(step)) actor.take(step, step.at);
  }
  actor.advance(conversation.until);
  return answers;
}

/** What it answered then. */
export function recorded({ steps }: Conversation, name: string): Step[] {
  return steps.filter((step) => step.node === name && !isInput(step));
}
