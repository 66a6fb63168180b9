import { describe, expect, it } from 'vitest';
import type { DemoResult, NodeState } from '../../src/cli/demo-coordinator.js';
import { account, progressLine, styleFor, table } from '../../src/cli/demo-table.js';

const plain = styleFor(false);

function node(id: string, peers: Record<string, { sessions: number; linked: boolean }> | null): NodeState {
  const report =
    peers === null ? null : { kind: 'report' as const, sent: [], received: [], peers, sockets: 2, reconnects: 3 };
  return { id, alive: peers !== null, pid: peers === null ? null : 4711, report, reconnects: 3, received: 100 };
}

const state: DemoResult = {
  elapsed: 2500,
  nodes: [
    node('a', { b: { sessions: 1, linked: true }, c: { sessions: 1, linked: false } }),
    node('b', { a: { sessions: 2, linked: true } }),
    node('c', null),
  ],
  totals: { sent: 2000, delivered: 1900, reported: 60, unknown: 30, lost: 10, duplicated: 0, reordered: 0, altered: 0 },
  connections: 2,
  cuts: 7,
  storms: 1,
  kills: 1,
  reconnects: 5,
  faults: [],
};

describe('the table', () => {
  it('shows one link, one being won back, too many, and who is dead', () => {
    const lines = table(state, { source: 'things', seconds: 15 }, new Map([['a', 1234]]), ['it rains'], plain);
    const row = (id: string): string | undefined => lines.find((line) => line.startsWith(` ${id} `));
    expect(row('a')).toMatch(/4711 {2}· +● +◌ +2 +1,234 +3$/);
    expect(row('b')).toMatch(/4711 {2}2 +· +–/);
    expect(row('c')).toMatch(/killed/);
    expect(lines.join('\n')).toContain('2.5 s of 15 s, sending things');
    expect(lines.at(-1)).toContain('it rains');
  });

  it('has a plain line instead', () => {
    expect(progressLine(state)).toMatch(
      /2\.5 s {2}links 1\/3 {2}sent 2,000 {2}delivered 1,900 {2}reset 7 {2}won back 5$/,
    );
  });
});

describe('the account', () => {
  it('says what came of every packet', () => {
    const text = account(state, plain).join('\n');
    for (const row of [
      /sent +2,000/,
      /delivered +1,900/,
      /reported +60/,
      /unknown after kill -9 +30/,
      /lost +10/,
      /duplicated +0/,
    ]) {
      expect(text).toMatch(row);
    }
    expect(text).toContain('one link per pair, every packet once and in order');
  });

  it('says what is wrong in place of praise', () => {
    const text = account({ ...state, faults: ['it broke'] }, plain).join('\n');
    expect(text).toContain('FAULT: it broke');
    expect(text).not.toContain('once and in order');
  });

  it('is in colour only where there are colours', () => {
    expect(account(state, plain).join('')).not.toContain('\u001b');
    expect(account(state, styleFor(true)).join('')).toContain('\u001b[32m duplicated');
  });
});
