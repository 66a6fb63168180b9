/** All targets, those that take longest first. */
import type { Target } from './target.js';
import { controls } from './targets/control.js';
import { frames } from './targets/frames.js';
import { handshake } from './targets/handshake.js';
import { learnt } from './targets/learnt.js';
import { link } from './targets/link.js';
import { packets } from './targets/msgpack.js';
import { notation } from './targets/notation.js';
import { options } from './targets/options.js';
import { uris } from './targets/uris.js';

export const targets: readonly Target[] = [handshake, link, learnt, packets, frames, controls, notation, options, uris];

/** @throws Error that names those there are */
export function targetNamed(name: string): Target {
  const target = targets.find((each) => each.name === name);
  if (target === undefined)
    throw new Error(`no target ${name}: there are ${targets.map((each) => each.name).join(', ')}`);
  return target;
}
