/**
 * Turns the blocks of a page into programs. A block of js or ts is a program; it must end by itself with code 0. Blocks of
 * sh are commands. HTML comments before a block say more:
 *
 *     <!-- prints: text -->   its output holds this text, and then it is ended; may be given several times, in that order
 *     <!-- continues -->      js, ts: the code goes on where the block before ended, as one program;
 *                             sh: a further terminal, while the commands of the block before still run
 */
import type { Block, Page } from './markdown.js';

export interface Program {
  readonly at: string;
  readonly language: 'js' | 'ts' | 'sh';
  /** Of js and ts: `import` or `require`. */
  readonly module: 'esm' | 'cjs';
  /** One per terminal; a js or ts program has one. */
  readonly parts: readonly { readonly code: string; readonly prints: readonly string[] }[];
}

/** Lines that a program of js or ts says it prints, in comments behind `console.log`: `// value`, `// value: what it means`. */
export function said(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\);? \/\/ (.+)$/gm)].map(([, comment = '']) => {
    return `${comment.split(': ')[0]}\n`;
  });
}

/** Languages of blocks that nobody runs. */
const PASSIVE = ['text', 'json', 'mermaid', 'diff', 'html', 'yaml'];
/** Commands in blocks of sh that are not run here: installing, and what runs these very tests. */
const NOT_RUN = [
  'npm install masterless',
  'npm install',
  'npm ci',
  'npm start',
  'npm test',
  'npm run build',
  'npm run types',
  'npm run lint',
  'npm run format',
  'npm run structure',
  'npm run package',
  'npm run test:unit',
  'npm run bench',
  'npm run fuzz',
  'npm run proof',
  'npm run soak',
];
const RUN = /^(?:[A-Z_]+=\S+ +)*(?:(?:npx +)?masterless(?: |$)|node +examples\/|openssl |umask )/;

export function programs(page: Page): Program[] {
  const made: Program[] = [];
  for (const block of page.blocks) {
    if (PASSIVE.includes(block.language)) continue;
    const { language } = block;
    if (language !== 'js' && language !== 'ts' && language !== 'sh') {
      throw new Error(`${block.at} is of language '${language}': js, ts and sh are run, ${PASSIVE.join(', ')} are not`);
    }
    const { continues, prints } = directives(block);
    const part = { code: language === 'sh' ? commands(block) : block.code, prints };
    const before = made.at(-1);
    if (!continues) {
      if (part.code !== '') made.push({ at: block.at, language, module: moduleOf(part.code), parts: [part] });
      continue;
    }
    if (before?.language !== language)
      throw new Error(`${block.at} continues nothing: no block of ${language} is before it`);
    made[made.length - 1] = language === 'sh' ? { ...before, parts: [...before.parts, part] } : joined(before, part);
  }
  return made;
}

function joined(before: Program, part: Program['parts'][number]): Program {
  const [first] = before.parts;
  const code = (first?.code ?? '') + part.code;
  return { ...before, module: moduleOf(code), parts: [{ code, prints: [...(first?.prints ?? []), ...part.prints] }] };
}

function directives(block: Block): { continues: boolean; prints: string[] } {
  const prints: string[] = [];
  let continues = false;
  for (const comment of block.comments) {
    const printed = /^prints: (.+)$/.exec(comment)?.[1];
    if (printed !== undefined) prints.push(printed);
    else if (comment === 'continues') continues = true;
    else throw new Error(`${block.at} has a comment before it that says nothing: '${comment}'`);
  }
  return { continues, prints };
}

/** The commands of a block that are to be run; any that is neither run nor known fails. */
function commands(block: Block): string {
  const lines = block.code.replace(/\\\n/g, ' ').split('\n');
  const all = lines
    .map((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/(^|\s)#.*$/, '')
        .trim(),
    )
    .filter((line) => line !== '');
  const unknown = all.find((line) => !RUN.test(line) && !NOT_RUN.includes(line));
  if (unknown !== undefined)
    throw new Error(`${block.at}: '${unknown}' is neither run here nor known as not to be run`);
  return all.filter((line) => RUN.test(line)).join('\n');
}

function moduleOf(code: string): 'esm' | 'cjs' {
  const required = /\brequire\(/.test(code);
  return required && !/^(import|export) (?!\S+ = require)/m.test(code) ? 'cjs' : 'esm';
}
