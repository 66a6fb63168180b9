/** All cases, by theme. */
import type { Case } from './case.js';
import { credentials } from './credentials.js';
import { foreign } from './foreign.js';
import { frames } from './frames.js';
import { handshakes } from './handshakes.js';
import { ids } from './ids.js';
import { MODES, type Mode } from './mode.js';
import { packets } from './packets.js';

export const THEMES: Readonly<Record<string, readonly Case[]>> = {
  packets,
  frames,
  handshakes,
  ids,
  credentials,
  foreign,
};
export const CASES: readonly Case[] = Object.values(THEMES).flat();

export function casesIn(mode: Mode): Case[] {
  return CASES.filter(({ modes = MODES }) => modes.includes(mode));
}
