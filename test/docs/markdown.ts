/** What the documentation holds: its pages, their fenced blocks with the comment before each, their headings and links. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root: string = resolve(import.meta.dirname, '../..');

/** A fenced block of code. */
export interface Block {
  /** File and line, for messages. */
  readonly at: string;
  readonly language: string;
  readonly code: string;
  /** HTML comments on the lines directly before the fence, each without its marks. */
  readonly comments: readonly string[];
}

export interface Page {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Targets of links and pictures, as written. */
  readonly links: readonly string[];
  /** What `#…` can point at. */
  readonly anchors: readonly string[];
}

/** The pages of the root, and every one of docs and examples. */
export function pages(): Page[] {
  const folders = ['docs', 'examples'].filter((folder) => existsSync(join(root, folder)));
  const found = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const paths = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...found.filter((path) => path.endsWith('.md'))];
  return paths
    .filter((path) => existsSync(join(root, path)))
    .map((path) => parse(path, readFileSync(join(root, path), 'utf8')));
}

export function parse(path: string, text: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let comments: string[] = [];
  let open: {
    fence: string;
    indent: number;
    language: string;
    line: number;
    code: string[];
    comments: string[];
  } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    if (open !== null) {
      if (line.trim() !== open.fence) {
        open.code.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
        continue;
      }
      const { language, code } = open;
      blocks.push({ at: `${path}:${open.line}`, language, code: `${code.join('\n')}\n`, comments: open.comments });
      open = null;
      continue;
    }
    const fence = /^( *)(`{3,}|~{3,})(\S*)/.exec(line);
    const comment = /^ *<!--(.*)-->\s*$/.exec(line);
    if (fence !== null) {
      const [, spaces = '', mark = '', language = ''] = fence;
      open = { fence: mark, indent: spaces.length, language, line: index + 1, code: [], comments };
      comments = [];
    } else if (comment !== null) {
      comments.push((comment[1] ?? '').trim());
    } else {
      // A blank line between the comment and its block changes nothing.
      if (line.trim() !== '') comments = [];
      prose.push(line);
    }
  }
  if (open !== null) throw new Error(`${path}:${open.line} opens a block that never ends`);
  return { path, blocks, links: links(prose), anchors: anchors(prose) };
}

function links(prose: readonly string[]): string[] {
  const text = prose.join('\n').replace(/`[^`\n]*`/g, '');
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)/g)];
  const defined = [...text.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gm)];
  return [...inline, ...defined].map((match) => match[1] ?? '');
}

/** Headings as the forges name them: lower case, without punctuation, with hyphens, numbered when repeated. */
function anchors(prose: readonly string[]): string[] {
  const seen = new Map<string, number>();
  const named = prose.flatMap((line) => [...line.matchAll(/<a (?:id|name)="([^"]+)"/g)].map((match) => match[1] ?? ''));
  const headings = prose.flatMap((line) => /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1] ?? []);
  const slugs = headings.map((heading) => {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replace(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
  return [...slugs, ...named];
}
