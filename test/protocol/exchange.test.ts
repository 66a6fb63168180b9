import { describe, expect, it } from 'vitest';
import {
  encodeAdopt,
  encodeDuplicate,
  encodeHello,
  encodeQuery,
  encodeState,
  type State,
} from '../../src/protocol/control.js';
import { follow, hello, Scripted } from './scripted.js';

const STATE: State = {
  nonce: 1,
  incarnation: '00000000000000aa',
  session: 1,
  epoch: 1,
  live: true,
  received: [0, 0],
};
const ADOPT = { nonce: 1, epoch: 2, session: 1, received: [0, 0], start: [0, 0] } as const;

describe('what was said before the verdict', () => {
  it('is known while it counts, and not kept by a link', () => {
    const scripted = new Scripted();
    const asking = scripted.dial();
    expect(asking.connection.exchange).toMatchObject({ hello: null, asked: -1 });
    asking.greet();
    expect(asking.connection.exchange?.hello).toMatchObject({ id: 'a', incarnation: '00000000000000bb' });
    expect(asking.connection.exchange?.asked).toBeGreaterThanOrEqual(0);
    asking.end();
    expect(asking.connection.exchange).toBeNull();
    const { line } = follow(scripted);
    expect(line.connection.exchange).toBeNull();
  });

  it.each([
    ['HELLO', encodeHello(hello())],
    ['STATE', encodeState(STATE)],
    ['QUERY', encodeQuery(1)],
    ['ADOPT', encodeAdopt(ADOPT)],
    ['DUPLICATE', encodeDuplicate()],
  ])('can not be said after it: %s on a link', (_name, frame) => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    line.say(frame);
    expect(line.connection.phase).toBe('closed');
    expect(scripted.outputs).toContainEqual(
      expect.objectContaining({ kind: 'fault', error: expect.objectContaining({ code: 'ERR_PROTOCOL' }) }),
    );
  });
});
