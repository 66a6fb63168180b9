/**
 * How the demo looks: a table drawn over itself on a terminal, a few plain lines anywhere else, and the account at the end.
 */
import type { DemoResult, DemoState } from './demo-coordinator.js';

/** Escape sequences, or nothing where there are no colours. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

export function styleFor(colours: boolean): Style {
  const style = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: style(1), dim: style(2), good: style(32), bad: style(31) };
}

export interface Heading {
  readonly source: string;
  /** How long it takes, in seconds; null is without end. */
  readonly seconds: number | null;
}

/** The live table. `rates`: packets a second that each node receives. */
export function table(
  state: DemoState,
  heading: Heading,
  rates: ReadonlyMap<string, number>,
  log: readonly string[],
  style: Style,
): string[] {
  const { nodes, totals } = state;
  const time = (state.elapsed / 1000).toFixed(1);
  const rows = nodes.map(({ id, alive, pid, report, reconnects }) => {
    const cells = nodes.map((other) => link(id, other.id, report?.peers[other.id], style));
    const process = alive ? String(pid).padStart(8) : style.bad('  killed');
    const rate = count(rates.get(id) ?? 0).padStart(10);
    return ` ${style.bold(id.padEnd(7))}${process}  ${cells.join('')}${String(report?.sockets ?? 0).padStart(9)}${rate}${String(reconnects).padStart(12)}`;
  });
  const flight = Math.max(0, totals.lost);
  return [
    style.bold(
      `masterless demo: ${nodes.length} processes, ${(nodes.length * (nodes.length - 1)) / 2} pairs, no master`,
    ),
    style.dim(
      `${time} s ${heading.seconds === null ? '(^C ends it)' : `of ${heading.seconds} s`}, sending ${heading.source}`,
    ),
    '',
    style.dim(
      ` ${''.padEnd(7)} process  ${nodes.map(({ id }) => id.padEnd(7)).join('')}  sockets packets/s  reconnects`,
    ),
    ...rows,
    style.dim(' links of each pair: ● one, ◌ being won back'),
    '',
    ` sent ${count(totals.sent)}  delivered ${count(totals.delivered)}  on their way ${count(flight)}  reported ${count(totals.reported)}`,
    ` links reset ${count(state.cuts)}  dial storms ${state.storms}  kill -9 ${state.kills}  links won back ${count(state.reconnects)}`,
    '',
    ...log.slice(-4).map((line) => style.dim(` ${line}`)),
  ];
}

function link(
  own: string,
  other: string,
  peer: { sessions: number; linked: boolean } | undefined,
  style: Style,
): string {
  if (own === other) return style.dim('·'.padEnd(7));
  if (peer === undefined || peer.sessions === 0) return style.bad('–'.padEnd(7));
  if (peer.sessions > 1) return style.bad(String(peer.sessions).padEnd(7));
  return peer.linked ? style.good('●'.padEnd(7)) : style.bad('◌'.padEnd(7));
}

/** One line of progress, for where nothing can be drawn over. */
export function progressLine({ elapsed, nodes, totals, cuts, reconnects }: DemoState): string {
  const up = nodes.flatMap(({ report }) => Object.values(report?.peers ?? {})).filter((peer) => peer.linked).length / 2;
  const pairs = (nodes.length * (nodes.length - 1)) / 2;
  const time = `${(elapsed / 1000).toFixed(1)} s`.padStart(7);
  return `${time}  links ${Math.floor(up)}/${pairs}  sent ${count(totals.sent)}  delivered ${count(totals.delivered)}  reset ${cuts}  won back ${reconnects}`;
}

/** The account, as the receivers have checked it. */
export function account({ totals, cuts, storms, kills, reconnects, faults }: DemoResult, style: Style): string[] {
  const row = (name: string, number: number, note: string): string =>
    ` ${name.padEnd(22)}${count(number).padStart(12)}   ${style.dim(note)}`;
  const check = (name: string, number: number): string => {
    const text = ` ${name.padEnd(22)}${count(number).padStart(12)}`;
    return number === 0 ? style.good(text) : style.bad(text);
  };
  return [
    style.bold('verified by the receivers, packet by packet:'),
    row('sent', totals.sent, 'accepted by send()'),
    row('delivered', totals.delivered, 'counted and compared by who got them'),
    row('reported', totals.reported, "not delivered to a killed process, and told by 'undelivered'"),
    row('unknown after kill -9', totals.unknown, 'its memory is gone, and what it had counted last with it'),
    check('lost', totals.lost),
    check('duplicated', totals.duplicated),
    check('reordered', totals.reordered),
    check('altered', totals.altered),
    '',
    ` ${count(cuts)} links reset, ${storms} dial storms, ${kills} kill -9; ${count(reconnects)} links won back`,
    ...(faults.length === 0
      ? [style.good(' one link per pair, every packet once and in order')]
      : faults.map((fault) => style.bad(` FAULT: ${fault}`))),
  ];
}

function count(number: number): string {
  return Math.round(number).toLocaleString('en');
}
