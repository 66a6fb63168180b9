import { describe, expect, it } from 'vitest';
import { Server } from '../../src/index.js';
import { run } from './support/command.js';

describe('masterless keygen', () => {
  it('prints a secret that a node takes, another each time', async () => {
    const [first, second] = await Promise.all([run(['keygen']), run(['keygen'])]);
    for (const { code, stdout, stderr } of [first, second]) {
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^masterless-secret-[\w-]{43}\n$/);
      await new Server('a', { secret: stdout.trim() }).close();
    }
    expect(first.stdout).not.toBe(second.stdout);
  });

  it('takes nothing', async () => {
    expect((await run(['keygen', 'mine'])).code).toBe(2);
    expect((await run(['keygen', '--size', '5'])).code).toBe(2);
  });
});
