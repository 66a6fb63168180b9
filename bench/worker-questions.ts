/** What the command asks its two processes, and what they answer. */
import type { Address, Reach, Wish } from './peer.js';
import type { Cost } from './profiler.js';
import type { Driven } from './traffic/drive.js';
import type { Spec, Sum } from './traffic/spec.js';
import type { Watched } from './traffic/watch.js';

export interface Questions {
  load: { readonly peer: string };
  listen: { readonly wish: Wish };
  ready: { readonly links: number };
  dial: { readonly reach: Reach; readonly wish: Wish };
  /** Counts from now on what comes. */
  expect: { readonly spec: Spec };
  /** Waits until all that was expected has come. */
  arrived: Record<never, never>;
  drive: { readonly spec: Spec };
  watch: Record<never, never>;
  watched: Record<never, never>;
  trickle: { readonly first: number; readonly milliseconds: number };
  /** `settle`: collect garbage first. */
  usage: { readonly settle: boolean };
  first: { readonly peer: string; readonly wish: Wish };
  profile: Record<never, never>;
  profiled: Record<never, never>;
}

export interface Answers {
  load: null;
  listen: { readonly addresses: readonly Address[] };
  ready: null;
  dial: null;
  expect: null;
  arrived: Sum & { readonly ended: number };
  drive: Driven;
  watch: null;
  watched: Watched;
  trickle: number;
  /** Microseconds of CPU time so far, bytes of memory now, and the most there was. */
  usage: Usage;
  first: { readonly milliseconds: number };
  profile: null;
  profiled: readonly Cost[];
}

export interface Usage {
  readonly cpu: number;
  readonly memory: number;
  readonly peak: number;
}

export type Question = keyof Questions;
