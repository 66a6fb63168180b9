/**
 * Ends synchronous code that does not end. Nothing is measured by it: the time given is a thousand times what is needed,
 * so only a loop without end meets it.
 */
import { Script } from 'node:vm';

const call = new Script('globalThis[Symbol.for("masterless.fuzz.call")]()');
const key = Symbol.for('masterless.fuzz.call');

/** Thrown in place of what `action` would have come to. */
export class Endless extends Error {
  override readonly name = 'Endless';
}

/** @throws Endless if `action` has not returned after `ms` */
export function within(ms: number, action: () => void): void {
  Reflect.set(globalThis, key, action);
  try {
    call.runInThisContext({ timeout: ms });
  } catch (error) {
    if ((error as NodeJS.ErrnoException)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new Endless(`it had not ended after ${ms} ms`);
  } finally {
    Reflect.deleteProperty(globalThis, key);
  }
}
