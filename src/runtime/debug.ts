/**
 * What a node does, for people who look for a fault: `DEBUG=masterless*` in the environment, or the `debug` option.
 */
import createDebug from 'debug';

/** Takes whatever describes an event. */
export type Debug = (...values: unknown[]) => void;

const log = createDebug('masterless');

/** Costs next to nothing while nobody listens. */
export function debugFor(id: string): Debug {
  return (...values) => {
    if (log.enabled) log('%s %o', id, values);
  };
}

/** A function of the application: what it throws is the process's to handle, and does not disturb the node. */
export function harmlessDebug(debug: Debug): Debug {
  return (...values) => {
    try {
      debug(...values);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };
}
