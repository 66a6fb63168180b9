/** Which pictures are made of a report. */
import type { Report, WorkloadResult } from '../result.js';
import { readable, short, times } from './numbers.js';
import { bars, lines } from './svg.js';
import { titleOf } from './table.js';

export interface Picture {
  /** Without folder. */
  readonly file: string;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
  readonly svg: string;
}

/** The one that matters: what packets a second are, as a multiple of the floor's, for all that has a rate. */
export function overview(report: Report): Picture | null {
  const groups = report.workloads
    .filter(({ figures, transport, axis }) => figures[0]?.key === 'rate' && transport === 'tcp' && axis === null)
    .map((workload) => ({ label: workload.title, bars: ratios(report, workload) }))
    .filter((group) => group.bars.length > 0);
  if (groups.length === 0) return null;
  const title = 'Packets per second, as a multiple of the floor: framing and msgpack by hand, nothing else';
  return { file: 'overview.svg', alt: title, svg: bars({ title, groups, format: times, reference: 1 }) };
}

function ratios(report: Report, { results }: WorkloadResult): { label: string; value: number; own: boolean }[] {
  return results.flatMap(({ peer, toFloor: { rate } }) => {
    if (rate === undefined || peer === 'floor' || peer === 'floor-again') return [];
    return [{ label: titleOf(report, peer), value: rate, own: peer === 'ours' }];
  });
}

/** How the first figure of a workload with an axis grows. */
export function growth(report: Report, workload: WorkloadResult): Picture | null {
  const [figure] = workload.figures;
  if (workload.axis === null || figure === undefined) return null;
  const { points, title: xTitle } = workload.axis;
  const drawn = workload.results.flatMap(({ peer, medians }) => {
    if (Object.keys(medians).length === 0 || peer === 'floor-again') return [];
    const values = points.map((point) => medians[`${figure.key}@${point}`] ?? null);
    return [{ label: titleOf(report, peer), own: peer === 'ours', values }];
  });
  const title = `${workload.title}: ${figure.title}`;
  const svg = lines({ title, xTitle, yTitle: figure.unit, points, lines: drawn, formatX: short, formatY: readable });
  return { file: `${workload.name}-${workload.transport}.svg`, alt: title, svg };
}
