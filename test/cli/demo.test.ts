import { afterEach, describe, expect, it } from 'vitest';
import { endAll, run } from './support/command.js';

afterEach(endAll);

interface Summary {
  readonly sent: number;
  readonly delivered: number;
  readonly reported: number;
  readonly unknown: number;
}

describe('masterless demo', () => {
  it('accounts for every packet, though links are reset and a process is killed', async () => {
    const { code, stdout, stderr } = await run(['demo', '--seconds', '6', '--json']);
    const summary = JSON.parse(stdout) as Summary;
    expect(summary).toMatchObject({
      lost: 0,
      duplicated: 0,
      reordered: 0,
      altered: 0,
      faults: [],
      kills: 1,
      connections: 10,
    });
    const { sent, delivered, reported, unknown } = summary;
    expect(sent).toBe(delivered + reported + unknown);
    expect(delivered).toBeGreaterThan(1000);
    expect([code, stderr]).toEqual([0, '']);
  }, 60_000);
});
