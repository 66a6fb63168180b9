/** Removes a rule and sets its catcher on what is left, in a process of its own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Catch } from './hunt.js';
import type { Catcher, Rule } from './rules.js';
import { writeMutant, writeTree } from './tree.js';

/** A mutant that goes on for ever is not caught. */
const PATIENCE = 180_000;

export class Catching {
  private readonly folder: string;
  private written = false;

  /** @param folder - where the trees are written; the working directory must be the project's root */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** What the catcher of a rule finds without the rule. */
  hunt(rule: Rule): Promise<Catch> {
    const mutant = join(this.folder, 'mutant');
    writeMutant(this.tree(), mutant, rule);
    return hunt(mutant, rule.catcher);
  }

  /** What a catcher finds in the core as it is: nothing, or its catches mean nothing. */
  control(catcher: Catcher): Promise<Catch> {
    return hunt(this.tree(), catcher);
  }

  private tree(): string {
    const tree = join(this.folder, 'tree');
    if (!this.written) writeTree(tree);
    this.written = true;
    return tree;
  }
}

async function hunt(tree: string, catcher: Catcher): Promise<Catch> {
  const program = join(tree, 'test/mutants/hunt.js');
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(catcher)], {
    timeout: PATIENCE,
  });
  return JSON.parse(stdout) as Catch;
}
