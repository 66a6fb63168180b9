/**
 * `docs/benchmarks.md`. Its words are people's, and stay as they are; what lies between two markers is written anew. A page
 * that is not there yet begins as the template.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { standings } from '../goals.js';
import type { Report, WorkloadResult } from '../result.js';
import { BENCH } from '../root.js';
import { noiseOf, noiseOfRates } from './noise.js';
import { percent, readable } from './numbers.js';
import { growth, overview, type Picture } from './pictures.js';
import { markdown, tableOf, titleOf } from './table.js';

const PICTURES = 'benchmarks';
const TEMPLATE = join(BENCH, 'report/template.md');

/** Writes the page and its pictures. @returns the files written */
export function writePage(report: Report, folder: string): string[] {
  const page = join(folder, 'benchmarks.md');
  const pictures = [overview(report), ...report.workloads.map((each) => growth(report, each))].filter(
    (each) => each !== null,
  );
  const text = filled(readFileSync(existsSync(page) ? page : TEMPLATE, 'utf8'), sections(report));
  mkdirSync(join(folder, PICTURES), { recursive: true });
  writeFileSync(page, text);
  for (const { file, svg } of pictures) writeFileSync(join(folder, PICTURES, file), svg);
  return [page, ...pictures.map(({ file }) => join(folder, PICTURES, file))];
}

/**
 * The page with each section put between its markers.
 * @throws Error when a marker is missing: a table that nobody renews would be wrong one day
 */
export function filled(page: string, contents: Readonly<Record<string, string>>): string {
  let text = page;
  for (const [name, content] of Object.entries(contents)) {
    const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the page has no place for '${name}': ${begin} … ${end}`);
    text = `${text.slice(0, from)}${begin}\n\n${content.trim()}\n\n${text.slice(to)}`;
  }
  return text;
}

export function sections(report: Report): Readonly<Record<string, string>> {
  const [growing, other] = [
    report.workloads.filter(({ axis }) => axis !== null),
    report.workloads.filter(({ axis }) => axis === null),
  ];
  return {
    machine: machineSection(report),
    overview: pictureLine(overview(report)),
    goals: goalsSection(report),
    losses: lossesSection(report),
    tables: other.map((workload) => section(report, workload)).join('\n\n'),
    growth: growing.map((workload) => section(report, workload)).join('\n\n'),
    noise: noiseSection(report),
  };
}

function machineSection(report: Report): string {
  const { cpu, cores, memoryGiB, system, node, loadBefore } = report.machine;
  const taking = report.peers.map(({ title, remark }) => `- **${title}**: ${remark}`);
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return [
    report.quick ? '**A quick run: it shows that everything works, and its figures mean nothing.**\n' : '',
    `${report.started.slice(0, 10)}, ${cores} cores of ${cpu}, ${memoryGiB} GiB, ${system}, Node ${node}; load before the run ` +
      `${loadBefore.toFixed(2)}. ${report.rounds} rounds in ${Math.round(report.seconds / 60)} minutes: \`${report.command}\`.`,
    '',
    `Versions: ${versions.join(', ')}.`,
    '',
    ...taking,
  ].join('\n');
}

function section(report: Report, workload: WorkloadResult): string {
  const heading = `### ${workload.title}, ${workload.transport}`;
  const rounds = Math.max(...workload.results.map((result) => result.rounds.length));
  const about = rounds === report.rounds ? workload.about : `${workload.about} In ${rounds} rounds.`;
  return [heading, about, pictureLine(growth(report, workload)), markdown(tableOf(report, workload))]
    .filter((part) => part !== '')
    .join('\n\n');
}

function pictureLine(picture: Picture | null): string {
  return picture === null ? '' : `![${picture.alt}](${PICTURES}/${picture.file})`;
}

function goalsSection(report: Report): string {
  const rows = standings(report).map(({ goal, value, reached, missedBy }) => {
    const wanted = goal.atLeast === undefined ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast} ×`;
    return [goal.workload, goal.text, wanted, readable(value), reached ? 'yes' : `missed by ${percent(missedBy)}`];
  });
  return markdown({ head: ['workload', 'goal', 'wanted', 'measured', 'reached'], rows });
}

/** Every figure in which another is ahead by more than noise. */
function lossesSection(report: Report): string {
  const noise = noiseOfRates(report) ?? 0;
  const rows = report.workloads.flatMap((workload) =>
    workload.results.flatMap(({ peer, oursTo }) =>
      Object.entries(oursTo)
        .filter(([, ratio]) => ratio < 1 - noise && peer !== 'ours' && peer !== 'floor-again')
        .map(([key, ratio]) => [
          `${workload.title}, ${workload.transport}`,
          nameOf(workload, key),
          titleOf(report, peer),
          readable(ratio),
        ]),
    ),
  );
  if (rows.length === 0) return 'Nowhere, in this run.';
  return markdown({ head: ['workload', 'figure', 'ahead', 'masterless, as a part of it'], rows });
}

function noiseSection(report: Report): string {
  const rows = noiseOf(report).map(({ workload, key, difference }) => [
    `${workload.title}, ${workload.transport}`,
    nameOf(workload, key),
    percent(difference),
  ]);
  if (rows.length === 0) return 'Not measured in this run.';
  return markdown({ head: ['workload', 'figure', 'the two copies differ by'], rows });
}

function nameOf({ figures }: WorkloadResult, key: string): string {
  const [name, point] = key.split('@');
  const title = figures.find((figure) => figure.key === name)?.title ?? key;
  return point === undefined ? title : `${title} at ${point}`;
}
