/** Every link from page to page leads somewhere. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { pages, root } from './markdown.js';

const all = pages();

it.each(all)('links of $path lead to files and headings that are there', (page) => {
  const broken = page.links.filter((link) => {
    if (/^[a-z]+:/i.test(link)) return false;
    const [file = '', anchor] = decodeURI(link).split('#');
    const target = file === '' ? page.path : normalize(join(dirname(page.path), file));
    if (!existsSync(join(root, target))) return true;
    const other = all.find(({ path }) => path === target);
    return anchor !== undefined && other !== undefined && !other.anchors.includes(anchor);
  });
  expect(broken).toEqual([]);
});
