import { describe, expect, it } from 'vitest';
import type { DemoResult } from '../../src/cli/demo-coordinator.js';
import { cutTo, Screen } from '../../src/cli/demo-screen.js';

const result: DemoResult = {
  elapsed: 1000,
  nodes: [],
  totals: { sent: 1, delivered: 1, reported: 0, unknown: 0, lost: 0, duplicated: 0, reordered: 0, altered: 0 },
  connections: 0,
  cuts: 0,
  storms: 0,
  kills: 0,
  reconnects: 0,
  faults: [],
};

class Terminal {
  text = '';
  readonly columns = 80;
  constructor(
    readonly isTTY: boolean,
    readonly rows = 40,
  ) {}
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

function show(terminal: Terminal): string {
  const screen = new Screen(terminal, { source: 'things', seconds: 3 });
  screen.open(() => result);
  screen.happened('it rains');
  screen.close(result);
  return terminal.text;
}

describe('Screen', () => {
  it.each([
    ['a pipe', new Terminal(false)],
    ['a terminal too low for the table', new Terminal(true, 10)],
  ])('writes plain lines to %s', (_what, terminal) => {
    const text = show(terminal);
    expect(text).toMatch(/^masterless demo: sending things\n +it rains\n/);
    expect(text).not.toContain('\u001b[J');
    expect(text).toContain('verified by the receivers');
  });

  it('draws the table on a terminal', () => {
    const text = show(new Terminal(true));
    expect(text).toContain('sending things');
    expect(text).toContain('it rains');
    expect(text).toContain('\u001b[J');
  });
});

describe('cutTo', () => {
  it('cuts what is seen, and no escape sequence', () => {
    expect(cutTo('\u001b[1mabcdef\u001b[0m', 3)).toBe('\u001b[1mabc\u001b[0m');
    expect(cutTo('äöü', 5)).toBe('äöü');
  });
});
