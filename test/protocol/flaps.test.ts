import { describe, expect, it } from 'vitest';
import { type Adopt, ByeReason, encodeAccept, encodeBye, encodeHeartbeat } from '../../src/protocol/control.js';
import { data, dials, knows, type Line, Scripted } from './scripted.js';

/** Delays are as long as they can be. */
const LONGEST = 1 - 2 ** -20;

/** A core that keeps `a`, which it has dialled. */
function keeping(): Scripted {
  const reconnect = { attempts: Number.POSITIVE_INFINITY, minDelay: 100, maxDelay: 500 };
  const scripted = new Scripted({ reconnect, random: () => LONGEST });
  scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
  scripted.wait(0);
  return scripted;
}

/** The dial under way becomes the link; the hand knows no session. */
function linked(scripted: Scripted): Line {
  const line = scripted.taken();
  const { nonce } = line.greet();
  line.say(knows(nonce));
  const { epoch, start } = line.take<Adopt>('Adopt');
  line.say(encodeAccept({ epoch, received: start }));
  expect(scripted.mesh.isConnected('a')).toBe(true);
  scripted.heard();
  return line;
}

/** Milliseconds until the core dials. */
function waited(scripted: Scripted): number {
  for (let ms = 0; ; ms++) {
    scripted.wait(ms === 0 ? 0 : 1);
    if (dials(scripted) > 0) return ms;
  }
}

/** How long the core waits after each of five links, over which and with which something is done. */
function delays(use: (scripted: Scripted, line: Line) => void): number[] {
  const scripted = keeping();
  return Array.from({ length: 5 }, () => {
    use(scripted, linked(scripted));
    return waited(scripted);
  });
}

const goodbye = encodeBye(ByeReason.Disconnected);

describe('a link that goes as soon as it came', () => {
  it('is dialled anew with growing delays where the peer says goodbye each time, whatever it says before', () => {
    expect(delays((_, line) => line.say(goodbye))).toEqual([0, 100, 200, 400, 500]);
    expect(delays((_, line) => line.say(data('hello'), goodbye))).toEqual([0, 100, 200, 400, 500]);
  });

  it('is dialled anew with growing delays where it breaks each time after a sign of life', () => {
    const breaks = (_: Scripted, line: Line): void => line.say(encodeHeartbeat()).end();
    expect(delays(breaks)).toEqual([0, 100, 200, 400, 500]);
  });

  it('is dialled anew after the shortest delay where it breaks each time and brings something', () => {
    expect(delays((_, line) => line.say(data('x')).end())).toEqual([0, 100, 100, 100, 100]);
  });

  it('counts from the beginning after one that stood', () => {
    let links = 0;
    const most = delays((scripted, line) => {
      if (++links === 3) scripted.wait(100);
      line.say(goodbye);
    });
    expect(most).toEqual([0, 100, 0, 0, 100]);
  });

  it('is no reason to wait where it stood for the shortest delay', () => {
    const stands = (scripted: Scripted, line: Line): void => {
      scripted.wait(100);
      line.say(goodbye);
    };
    expect(delays(stands)).toEqual([0, 0, 0, 0, 0]);
  });
});
