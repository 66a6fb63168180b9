/** Programs in processes of their own that end with the test, whatever becomes of it. */
import { atEnd } from './nodes.js';
import { Program } from './program.js';

export class Child extends Program {
  /** @param program - in test/support/children */
  constructor(program: string, args: readonly string[] = []) {
    super(program, args);
    atEnd(() => this.kill());
  }
}
