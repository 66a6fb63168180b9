/** Runs before each test file: only what is quick is tried on a mutant, and with the same input for each of them. */
import { configureGlobal } from 'fast-check';
import { beforeEach } from 'vitest';

// Whether a mutant survives must not be a matter of luck.
configureGlobal({ seed: 1 });
process.env.SEED = '1';
// One storm of each kind that is not among the long ones.
process.env.SIM_COUNT = '1';

/** Tests that take longer than all others of their file together, by a piece of their full names. */
const LONG = [
  'a million items: ',
  'one map with many keys: ',
  'many different keys, in maps of one',
  'maps with few keys in every order: ',
  'finds the same frames ',
  'of 1048575 bytes',
  'every string of up to two bytes is read ',
  'a map of 65537 entries',
  'in the eyes of both is replaced in full traffic',
  'in the eyes of its follower is replaced in full traffic',
  'where neither side would wait for a lost link',
  '2 nodes, no restarts',
  '3 nodes, no restarts',
  '5 nodes, ',
  'are the same for the same seed',
  // Looks at what was built, which no mutant is in.
  'is done without where it is forbidden',
  'one link per pair however often ',
  'a session goes on over new links a hundred times ',
  'each packet is delivered once and in the order of its lane, ',
  'HELLO comes back as it was',
  'what is written is what was accepted, from where writing began',
  'a healthy link carries heartbeats only, for a day',
];

beforeEach(({ task, skip }) => {
  if (LONG.some((piece) => task.fullTestName.includes(piece))) skip('takes long');
});
