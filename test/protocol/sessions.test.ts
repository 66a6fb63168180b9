/** What is told when a session is over. */
import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { ByeReason, encodeBye } from '../../src/protocol/control.js';
import { linked } from './scripted.js';

describe('a session that is over', () => {
  it('leaves no attempt to replace its link behind', () => {
    const { scripted, line } = linked({}, { addresses: ['test://a'] });
    const dropped = new MasterlessError('ERR_UNAUTHORIZED', 'that secret counts no more');
    scripted.act((mesh, now) => mesh.outdate(line.connection, dropped, now));
    scripted.wait(0);
    const attempt = scripted.lastDialled();
    line.say(encodeBye(ByeReason.Closed));
    expect(scripted.heard()).toEqual(['disconnect a closed']);
    scripted.act((mesh, now) => mesh.ended(attempt, null, now));
    expect(scripted.heard()).toEqual([]);
  });

  it('is the end of a parting only where there was one', () => {
    const { scripted, line } = linked({}, { resumeWindow: 0 });
    line.end();
    scripted.wait(0);
    expect(scripted.outputs.map(({ kind }) => kind)).toContain('disconnect');
    expect(scripted.outputs.map(({ kind }) => kind)).not.toContain('parted');
  });
});
