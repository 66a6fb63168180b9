/**
 * What a node does, for people who look for a fault: `DEBUG=masterless*` in the environment, or the `debug` option.
 *
 * The package that reads `DEBUG` is loaded when something is said while that is set, which `debug.enable()` does as well:
 * most processes never need it, and it takes as long as importing this library does. What is said until it is there waits.
 */
import type { Debugger } from 'debug';
import { throwLater } from '../errors.js';

/** Takes whatever describes an event. */
export type Debug = (...values: unknown[]) => void;

/** Lines that wait for `debug`: more than any node has to say in that time. */
const MOST_EARLY = 1000;

let log: Debugger | null = null;
/** What waits for it; null while nothing can come of it. */
let early: [id: string, values: unknown[]][] | null = null;
let loading = false;

/** Costs next to nothing while nobody listens. */
export function debugFor(id: string): Debug {
  return (...values) => {
    if (!loading && process.env.DEBUG) void load();
    if (log !== null) {
      if (log.enabled) log('%s %o', id, values);
    } else if (early !== null && early.length < MOST_EARLY) {
      early.push([id, values]);
    }
  };
}

async function load(): Promise<void> {
  loading = true;
  early = [];
  try {
    const { default: createDebug } = await import('debug');
    log = createDebug('masterless');
    for (const [id, values] of early) if (log.enabled) log('%s %o', id, values);
  } catch {
    // Left out by whoever packed the application: then nobody listens.
  } finally {
    early = null;
  }
}

/** A function of the application: what it throws does not disturb the node. */
export function harmlessDebug(debug: Debug): Debug {
  return (...values) => {
    try {
      debug(...values);
    } catch (error) {
      throwLater(error);
    }
  };
}
