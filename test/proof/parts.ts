/** The parts of the proof. Those with the longest pieces come first, so that no process waits for another at the end. */
import { abuse } from './abuse.js';
import { chaos } from './chaos.js';
import { explorations } from './explorations.js';
import { fuzzing } from './fuzz.js';
import { mutants } from './mutants.js';
import type { Part } from './part.js';
import { partitions } from './partitions.js';
import { runtimes } from './runtimes.js';
import { soaking } from './soak.js';
import { storms } from './storms.js';

export const parts: readonly Part[] = [
  explorations,
  fuzzing,
  mutants,
  storms,
  chaos,
  partitions,
  soaking,
  abuse,
  runtimes,
];
