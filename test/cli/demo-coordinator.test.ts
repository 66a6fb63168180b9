import { afterEach, describe, expect, it } from 'vitest';
import { Command, endAll } from './support/command.js';

afterEach(endAll);

describe('the coordinator of the demo', () => {
  it('takes stock on ^C, and ends with 130', async () => {
    const demo = new Command(['demo', '--seconds', '60']);
    await demo.says('stdout', /all dial all/);
    demo.child.kill('SIGINT');
    const { code, stdout } = await demo.ended();
    expect(stdout).toContain('interrupted');
    expect(stdout).toMatch(/lost +0\n/);
    expect(stdout).toContain('one link per pair');
    expect(code).toBe(130);
  }, 60_000);

  it('leaves nobody behind, even if it is killed itself', async () => {
    const demo = new Command(['demo', '--seconds', '60']);
    await demo.says('stdout', /all dial all/);
    demo.child.kill('SIGKILL');
    // The nodes share its stderr, which is closed when the last of them has ended.
    expect(await demo.ended()).toMatchObject({ code: 'SIGKILL' });
  }, 60_000);
});
