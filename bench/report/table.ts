/** The figures of one workload as rows: first column the peer, then figures. The same for people's eyes and for the page. */
import type { PeerReadings, Report, WorkloadResult } from '../result.js';
import { readable, short, times } from './numbers.js';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function titleOf(report: Report, peer: string): string {
  return report.peers.find(({ name }) => name === peer)?.title ?? peer;
}

/** One row per peer. Who was not measured says why in the second column. */
export function tableOf(report: Report, workload: WorkloadResult): Table {
  const columns = columnsOf(workload);
  const ratioKey = columns[0]?.key ?? '';
  const head = ['', ...columns.map(({ title }) => title), '× floor', 'masterless is'];
  const rows = workload.results.map((result) => {
    const title = titleOf(report, result.peer);
    const silent = silence(result);
    if (silent !== null) return [title, silent, ...head.slice(2).map(() => '')];
    const figures = columns.map(({ key }) => (result.medians[key] === undefined ? '–' : readable(result.medians[key])));
    return [
      title,
      ...figures,
      times(result.toFloor[ratioKey]),
      result.peer === 'ours' ? '' : times(result.oursTo[ratioKey]),
    ];
  });
  return { head, rows };
}

function silence({ error, reason }: PeerReadings): string | null {
  // A whole stack is for the terminal.
  return error === null ? reason : `error: ${error.split('\n')[0]}`;
}

function columnsOf({ figures, axis }: WorkloadResult): { key: string; title: string }[] {
  return figures.flatMap(({ key, title, unit }) => {
    if (axis === null) return [{ key, title: `${title}, ${unit}` }];
    return axis.points.map((point) => ({ key: `${key}@${point}`, title: `${unit} at ${short(point)}` }));
  });
}

export function plain({ head, rows }: Table): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

export function markdown({ head, rows }: Table): string {
  const line = (row: readonly string[]): string => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map((_, at) => (at === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)].join('\n');
}
