/** The core, the simulator and the explorer as JavaScript in a folder of their own, with one rule of the core removed. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import type { Rule } from './rules.js';

/** What a hunt needs to run. */
const ROOMS = ['src', 'test/sim', 'test/explore', 'test/mutants'];

/** The patched text of a rule's file. @throws Error when the text to be replaced is not there exactly once */
export function patched({ name, file, find, replace }: Rule): string {
  const text = readFileSync(file, 'utf8');
  if (text.split(find).length !== 2)
    throw new Error(`mutant ${JSON.stringify(name)}: its text must be in ${file} exactly once`);
  return text.replace(find, () => replace);
}

/** Writes the tree without any patch. Relative paths are from the project's root, which must be the working directory. */
export function writeTree(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const room of ROOMS) {
    for (const name of readdirSync(room, { recursive: true, encoding: 'utf8' })) {
      const file = join(room, name);
      if (/(?<!\.test|\.d)\.ts$/.test(file)) write(folder, file, readFileSync(file, 'utf8'));
    }
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
}

/** A copy of the tree with a rule removed. */
export function writeMutant(tree: string, folder: string, rule: Rule): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(tree, folder, { recursive: true, verbatimSymlinks: true });
  write(folder, rule.file, patched(rule));
}

function write(folder: string, file: string, text: string): void {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
  });
  const path = join(folder, file.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, outputText);
}
