/** Small pictures as text. Colours follow the reader's light or dark scheme; nothing in them needs a font or a script. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The one that the picture is about. */
  readonly own: boolean;
}

export interface Bars {
  readonly title: string;
  readonly groups: readonly { readonly label: string; readonly bars: readonly Bar[] }[];
  readonly format: (value: number) => string;
  /** Where bars begin, to the better and to the worse: a ratio of 1. */
  readonly reference: number;
}

export interface Lines {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly points: readonly number[];
  readonly lines: readonly {
    readonly label: string;
    readonly own: boolean;
    readonly values: readonly (number | null)[];
  }[];
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
}

const WIDTH = 760;
const LABELS = 150;
const BAR = 18;
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 14px; }
  .small { fill: #57606a; }
  .own { fill: #0969da; stroke: none; } .other { fill: #afb8c1; stroke: none; }
  .own-line { stroke: #0969da; stroke-width: 2.5; fill: none; } .other-line { stroke: #8c959f; stroke-width: 1.25; fill: none; }
  .rule { stroke: #d0d7de; } .reference { stroke: #57606a; stroke-dasharray: 3 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .small { fill: #9198a1; }
    .own { fill: #4493f8; } .other { fill: #59636e; }
    .own-line { stroke: #4493f8; } .other-line { stroke: #7d8590; }
    .rule { stroke: #3d444d; } .reference { stroke: #9198a1; }
  }`;

/** Bars on a logarithmic scale, from the reference to the left and to the right: twice as good is as long as half as good. */
export function bars({ title, groups, format, reference }: Bars): string {
  const values = groups.flatMap((group) => group.bars.map(({ value }) => value)).filter((value) => value > 0);
  const [low, high] = [Math.min(reference, ...values), Math.max(reference, ...values)];
  const room = WIDTH - LABELS - 140;
  const x = (value: number): number =>
    LABELS + 60 + room * (low === high ? 0.5 : Math.log(value / low) / Math.log(high / low));
  const parts: string[] = [];
  let y = 34;
  for (const group of groups) {
    if (group.label !== '') {
      parts.push(text(8, y + 13, group.label, 'small'));
      y += BAR;
    }
    for (const { label, value, own } of group.bars) {
      if (value <= 0) continue;
      const [left, right] = [Math.min(x(value), x(reference)), Math.max(x(value), x(reference))];
      const width = Math.max(1, right - left);
      parts.push(text(LABELS, y + 13, label, '', 'end'));
      parts.push(
        `<rect class="${own ? 'own' : 'other'}" x="${round(left)}" y="${y + 3}" width="${round(width)}" height="${BAR - 6}" rx="2"/>`,
      );
      const after = value >= reference;
      parts.push(text(after ? right + 5 : left - 5, y + 13, format(value), 'small', after ? 'start' : 'end'));
      y += BAR;
    }
    y += 6;
  }
  parts.push(`<line class="reference" x1="${round(x(reference))}" x2="${round(x(reference))}" y1="28" y2="${y}"/>`);
  return picture(title, y + 10, parts);
}

/** Lines over logarithmic axes. A value that is missing leaves a gap. */
export function lines({ title, xTitle, yTitle, points, lines: all, formatX, formatY }: Lines): string {
  const [left, right, top, bottom] = [70, WIDTH - 150, 50, 300];
  const values = all.flatMap((line) => line.values).filter((value): value is number => value !== null && value > 0);
  const [low, high] = values.length === 0 ? [1, 10] : [Math.min(...values), Math.max(...values)];
  const [first, last] = [points[0] ?? 1, points.at(-1) ?? 1];
  const x = (value: number): number =>
    left + (right - left) * (first === last ? 0.5 : Math.log(value / first) / Math.log(last / first));
  const y = (value: number): number =>
    bottom - (bottom - top) * (low === high ? 0.5 : Math.log(value / low) / Math.log(high / low));
  const parts = [text(left, 38, yTitle, 'small'), text(right, bottom + 36, xTitle, 'small', 'end')];
  for (const value of [low, Math.sqrt(low * high), high]) {
    parts.push(`<line class="rule" x1="${left}" x2="${right}" y1="${round(y(value))}" y2="${round(y(value))}"/>`);
    parts.push(text(left - 6, y(value) + 4, formatY(value), 'small', 'end'));
  }
  for (const point of points) parts.push(text(x(point), bottom + 18, formatX(point), 'small', 'middle'));
  const labels: { readonly at: number; readonly label: string }[] = [];
  for (const { label, own, values: line } of [...all].sort((a, b) => Number(a.own) - Number(b.own))) {
    const path = pathOf(
      line.map((value, at) => (value === null || value <= 0 ? null : [x(points[at] ?? 1), y(value)])),
    );
    parts.push(`<path class="${own ? 'own-line' : 'other-line'}" d="${path}"/>`);
    const end = line.findLastIndex((value) => value !== null && value > 0);
    if (end >= 0) labels.push({ at: y(line[end] as number), label });
  }
  // Labels keep a line's height apart, from the top down.
  let free = 0;
  for (const { at, label } of labels.sort((a, b) => a.at - b.at)) {
    free = Math.max(free + 14, at + 4);
    parts.push(text(right + 8, free, label, ''));
  }
  return picture(title, Math.max(bottom + 48, free + 12), parts);
}

function pathOf(at: readonly (readonly [number, number] | null)[]): string {
  let gap = true;
  return at
    .map((point) => {
      if (point === null) {
        gap = true;
        return '';
      }
      const command = `${gap ? 'M' : 'L'}${round(point[0])} ${round(point[1])}`;
      gap = false;
      return command;
    })
    .join('');
}

function picture(title: string, height: number, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.ceil(height)}" role="img" aria-label="${escaped(title)}">`;
  return `${[open, `<style>${STYLE}\n</style>`, text(8, 20, title, 'title'), ...parts].join('\n')}\n</svg>\n`;
}

function text(x: number, y: number, content: string, kind: string, anchor = 'start'): string {
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
