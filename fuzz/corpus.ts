/**
 * Inputs kept in files: `fuzz/corpus/<target>/*.txt`, one input a line in hexadecimal digits, spaces and `byte*count`
 * allowed, with a comment behind `#` that says what it is.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Kept {
  readonly input: Uint8Array;
  /** The comment, and where it is from. */
  readonly what: string;
}

/** Below the folder in which every command of the project runs. */
const FOLDER = join('fuzz', 'corpus');

export function readCorpus(target: string): Kept[] {
  const folder = join(FOLDER, target);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
  return files.sort().flatMap((file) => parse(readFileSync(join(folder, file), 'utf8'), file));
}

/** Adds an input to what was found. Returns the file. */
export function keep(target: string, input: Uint8Array, what: string): string {
  const folder = join(FOLDER, target);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'found.txt');
  appendFileSync(file, `${toHex(input)} # ${what.replaceAll(/\s+/g, ' ')}\n`);
  return file;
}

function parse(text: string, file: string): Kept[] {
  const kept: Kept[] = [];
  text.split('\n').forEach((line, index) => {
    const [digits = '', ...comment] = line.split('#');
    const where = `${file}:${index + 1}`;
    if (digits.trim() === '') return;
    kept.push({ input: fromHex(digits, where), what: `${comment.join('#').trim()} (${where})` });
  });
  return kept;
}

/** @throws Error for anything but hexadecimal digits, with `where` */
export function fromHex(digits: string, where: string): Uint8Array {
  const parts = digits
    .trim()
    .split(/\s+/)
    .map((part) => {
      const [, bytes = '', count = '1'] = /^((?:[0-9a-f]{2})*)(?:\*(\d+))?$/i.exec(part) ?? [];
      if (bytes === '' && part !== '') throw new Error(`${where}: ${part} is not in hexadecimal digits`);
      return Buffer.from(bytes.repeat(Number(count)), 'hex');
    });
  return new Uint8Array(Buffer.concat(parts));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
