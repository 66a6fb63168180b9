/**
 * A recorded conversation: what came to each node, and what it said and told, in order. It is kept as JSON, a step a line.
 * Times are milliseconds; bytes are hexadecimal, frame by frame, where `xx*n` is the byte xx n times.
 */
import { FrameDecoder, MAX_DATA } from '../../src/protocol/frame.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import { bytesOf, type Kind, kindOf } from '../protocol/vectors.js';

/** What was an option when the conversation was recorded. */
export type Options = Partial<Omit<MeshConfig, 'id' | 'incarnation' | 'random'>>;

/** A real core. Two of one id are two incarnations, or two nodes in conflict. */
export interface Node {
  readonly id: string;
  readonly incarnation: string;
  /** Of its generator, `src/testing/random.ts`: nonces and delays. */
  readonly seed: number;
  /** Where it is dialled, and what its HELLO tells. */
  readonly uri: string;
  readonly options: Options;
}

/** A frame as its kind and its bytes. */
export type Frames = readonly (readonly [kind: Kind, hex: string])[];

/** What comes to a node: from its application, or over the network. */
export type Input =
  | { readonly does: 'connect'; readonly wish: number; readonly uri: string; readonly expected: string | null }
  | { readonly does: 'keep'; readonly id: string; readonly keep: boolean }
  | { readonly does: 'disconnect' | 'ping' | 'undecodable'; readonly id: string }
  | { readonly does: 'close' }
  /** It is gone without a word. */
  | { readonly does: 'stops' }
  | { readonly does: 'send'; readonly id: string; readonly packet: string; readonly urgent: boolean }
  /** The application takes packets from now on, or leaves them waiting. */
  | { readonly does: 'attend'; readonly attentive: boolean }
  | { readonly does: 'takes' | 'opens' | 'loses'; readonly line: number }
  /** The bytes of that write of the other end arrive. */
  | { readonly does: 'reads'; readonly line: number; readonly write: number };

/** What a node answers. */
export type Answer =
  | { readonly dials: string; readonly line: number }
  | { readonly writes: Frames; readonly line: number; readonly write: number }
  | { readonly closes: 'after all is written' | 'at once'; readonly line: number }
  | { readonly tells: string };

export type Step = { readonly at: number; readonly node: string } & (Input | Answer);

export interface Conversation {
  readonly says: string;
  /** By the names used in the steps. A name that is not here belongs to a hand that plays a node. */
  readonly nodes: Readonly<Record<string, Node>>;
  readonly steps: readonly Step[];
  /** When the recording ended. */
  readonly until: number;
}

export function isInput(step: Input | Answer): step is Input {
  return 'does' in step;
}

/** The text of a file. */
export function print({ says, nodes, steps, until }: Conversation): string {
  const entries = Object.entries(nodes).map(([name, node]) => `    ${JSON.stringify(name)}: ${JSON.stringify(node)}`);
  return [
    '{',
    `  "says": ${JSON.stringify(says)},`,
    `  "nodes": {\n${entries.join(',\n')}\n  },`,
    `  "steps": [\n${steps.map((step) => `    ${JSON.stringify(step)}`).join(',\n')}\n  ],`,
    `  "until": ${until}`,
    '}\n',
  ].join('\n');
}

/** Whole frames, taken apart. */
export function framesOf(bytes: Uint8Array): Frames {
  const frames: [Kind, string][] = [];
  const decoder = new FrameDecoder();
  decoder.maxData = MAX_DATA;
  decoder.push(bytes);
  for (let at = 0; decoder.next(); at = decoder.end) {
    frames.push([kindOf(decoder.kind), hexOf(bytes.subarray(at, decoder.end))]);
  }
  if (decoder.partial) throw new Error('a write ends within a frame');
  return frames;
}

export function bytesOfFrames(frames: Frames): Uint8Array {
  return bytesOf(frames.map(([, hex]) => hex).join(' '));
}

/** What `bytesOf` reads: long runs of one byte in short. */
export function hexOf(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex');
  return digits.replace(/(?<=^(?:..)*)(..)\1{15,}/g, (run, byte: string) => ` ${byte}*${run.length / 2} `).trim();
}
