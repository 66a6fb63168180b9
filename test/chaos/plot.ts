/** Samples as a picture: one panel for each measure, one line for each node, broken where its process was another. */
import { byNode, type Measure, type Sample, trend } from './samples.js';

interface Panel {
  readonly measure: Measure;
  readonly title: string;
  /** What a value is divided by to be shown. */
  readonly unit: number;
}

const PANELS: readonly Panel[] = [
  { measure: 'heap', title: 'heap after a collection, MB', unit: 1e6 },
  { measure: 'rss', title: 'resident memory, MB', unit: 1e6 },
  { measure: 'descriptors', title: 'open descriptors', unit: 1 },
];

/** Seconds between the times that are shown. */
const TIMES = [1, 5, 10, 30, 60, 300, 600, 1800, 3600];
const COLOURS = ['#1b6ca8', '#c8553d', '#4a7c59', '#8e5aa8', '#b8860b', '#5f6b6d'];
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [900, 260, 70, 110, 34, 36];

/**
 * @param warmUp - seconds that do not count for the trends: dashed lines, of nodes that had one process only
 * @returns an SVG document
 */
export function plot(samples: readonly Sample[], warmUp: number): string {
  const panels = PANELS.map((panel, index) => drawPanel(panel, samples, warmUp, index * HEIGHT));
  const height = PANELS.length * HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${panels.join('\n')}
</svg>
`;
}

function drawPanel(
  { measure, title, unit }: Panel,
  samples: readonly Sample[],
  warmUp: number,
  offset: number,
): string {
  const end = Math.max(1, ...samples.map(({ time }) => time));
  const step = niceStep(Math.max(1, ...samples.map((sample) => sample[measure] / unit)) / 4);
  const top = step * Math.ceil(Math.max(1, ...samples.map((sample) => sample[measure] / unit)) / step);
  const x = (time: number): number => round(LEFT + (time / end) * (WIDTH - LEFT - RIGHT));
  const y = (value: number): number => round(offset + HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM));
  const parts = [`<text x="${LEFT}" y="${offset + 20}" font-weight="bold">${title}</text>`];
  for (let value = 0; value <= top * 1.001; value += step) {
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>`);
    parts.push(`<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${round(value)}</text>`);
  }
  const timeStep = TIMES.find((each) => each >= end / 10) ?? niceStep(end / 10);
  for (let time = 0; time <= end; time += timeStep) {
    parts.push(`<text x="${x(time)}" y="${y(0) + 16}" text-anchor="middle">${clock(time)}</text>`);
  }
  for (const [index, [node, own]] of [...byNode(samples)].entries()) {
    const colour = COLOURS[index % COLOURS.length] as string;
    for (const life of lives(own)) {
      const points = life.map((sample) => `${x(sample.time)},${y(sample[measure] / unit)}`).join(' ');
      parts.push(`<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="1.5"/>`);
      // A process that was measured once only is a dot.
      const [only] = life;
      if (life.length === 1 && only !== undefined) {
        parts.push(`<circle cx="${x(only.time)}" cy="${y(only[measure] / unit)}" r="1.5" fill="${colour}"/>`);
      }
    }
    if (lives(own).length === 1) {
      const counting = own.filter(({ time }) => time >= warmUp);
      const { slope, start } = trend(counting, measure);
      const [from, to] = [warmUp, end].map((time) => y((start + slope * time) / unit));
      parts.push(
        `<line x1="${x(Math.min(warmUp, end))}" y1="${from}" x2="${x(end)}" y2="${to}" stroke="${colour}" stroke-dasharray="6 4"/>`,
      );
    }
    const legend = offset + TOP + 10 + index * 18;
    parts.push(`<rect x="${WIDTH - RIGHT + 16}" y="${legend - 9}" width="12" height="10" fill="${colour}"/>`);
    parts.push(`<text x="${WIDTH - RIGHT + 34}" y="${legend}">${node}</text>`);
  }
  return parts.join('\n');
}

function lives(samples: readonly Sample[]): Sample[][] {
  const found = new Map<number, Sample[]>();
  for (const sample of samples) {
    const life = found.get(sample.life) ?? [];
    life.push(sample);
    found.set(sample.life, life);
  }
  return [...found.values()];
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const times = [1, 2, 5].find((each) => each * power >= rough) ?? 10;
  return times * power;
}

function clock(seconds: number): string {
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;
  return `${round(seconds / 3600)} h`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
