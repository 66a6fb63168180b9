import { describe, expect, it } from 'vitest';
import { ACK_DELAY, CROWD_DELAY, LITTLE, LITTLE_DELAY } from '../../src/protocol/acknowledgement.js';
import {
  Extension,
  encodeAck,
  encodeAckRequest,
  encodeExtension,
  encodeHeartbeat,
} from '../../src/protocol/control.js';
import { CROWD } from '../../src/protocol/crowd.js';
import { data, follow, type Line, Scripted } from './scripted.js';

const CROWDED = `0${Extension.Crowded}`;
const ROOMY = `0${Extension.Roomy}`;

/** The next peer of a core that takes many. */
function join(scripted: Scripted, count: number): Line {
  const incarnation = (count + 1).toString(16).padStart(16, '0');
  return follow(scripted, { id: `a${count}`, incarnation }).line;
}

/** Payloads of the extensions that the core said on each line since the last call. */
function extensions(lines: readonly Line[]): string[] {
  return lines.flatMap((line) =>
    line.said().flatMap(({ kind, fields }) => (kind === 'Extension' ? [(fields as { payload: string }).payload] : [])),
  );
}

/** All speak, and time passes: a tick. */
function live(scripted: Scripted, lines: readonly Line[]): void {
  for (const line of lines) line.say(encodeHeartbeat());
  scripted.wait(1000);
}

describe('a node with many peers', () => {
  const options = { maxPeers: 1000, maxHandshakes: 1000, resumeWindow: 0, totalWindow: 16 * 1024 * 1024 };

  it('says that it is crowded to all there are and to each that comes, and takes it back with half as many', () => {
    const scripted = new Scripted(options);
    const lines = Array.from({ length: CROWD }, (_, count) => join(scripted, count));
    expect(extensions(lines)).toEqual([]);
    lines.push(join(scripted, CROWD));
    expect(extensions(lines)).toEqual(lines.map(() => CROWDED));
    lines.push(join(scripted, CROWD + 1));
    expect(extensions(lines)).toEqual([CROWDED]);
    const leave = (line: Line): void => {
      const id = line.connection.peer?.id ?? '';
      scripted.act((mesh, now) => mesh.disconnect(id, now));
      line.end();
    };
    for (const line of lines.splice(CROWD / 2 + 1)) leave(line);
    live(scripted, lines);
    expect(extensions(lines)).toEqual([]);
    leave(lines.pop() as Line);
    live(scripted, lines);
    expect(extensions(lines)).toEqual(lines.map(() => ROOMY));
    lines.push(join(scripted, 500));
    expect(extensions(lines)).toEqual([]);
  });

  it('does not where its window for all has no room for what would wait', () => {
    const scripted = new Scripted({ ...options, totalWindow: 4 * CROWD * LITTLE });
    const lines = Array.from({ length: CROWD + 20 }, (_, count) => join(scripted, count));
    live(scripted, lines);
    expect(extensions(lines)).toEqual([]);
  });
});

describe('a node that is crowded, and its patience', () => {
  const options = { maxPeers: 1000, maxHandshakes: 1000, totalWindow: 16 * 1024 * 1024 };
  const listening = { addresses: ['test://elsewhere'] };

  it('does not say so to whose signs of life would be too seldom for it', () => {
    for (const [timeout, lowest] of [
      [5000, 1001],
      [4999, 1000],
    ] as const) {
      const scripted = new Scripted({ ...options, timeout });
      const seldom = follow(scripted, { id: 'b', heartbeat: lowest }).line;
      const often = follow(scripted, { id: 'c', heartbeat: lowest - 1 }).line;
      const lines = Array.from({ length: CROWD }, (_, count) => join(scripted, count));
      expect(extensions([seldom])).toEqual([]);
      expect(extensions([often])).toEqual([CROWDED]);
      expect(extensions(lines).length).toBe(timeout === 5000 ? CROWD : 0);
      const late = follow(scripted, { id: 'd', heartbeat: lowest }).line;
      expect(extensions([late])).toEqual([]);
    }
  });

  it('suspects whoever is silent as soon as others do', () => {
    const scripted = new Scripted(options);
    const lines = Array.from({ length: CROWD }, (_, count) => join(scripted, count));
    const { line } = follow(scripted, { id: 'b', ...listening });
    const dials = (): number => scripted.outputs.filter(({ kind }) => kind === 'dial').length;
    scripted.outputs.length = 0;
    for (let second = 0; second < 4; second++) live(scripted, lines);
    for (const other of lines) other.say(encodeHeartbeat());
    scripted.wait(999);
    expect(dials()).toBe(0);
    scripted.wait(1);
    expect(dials()).toBe(1);
    expect(line.said().length).toBeGreaterThan(0);
  });

  it('gives its peers time for two signs of life after it did not run itself', () => {
    const scripted = new Scripted(options);
    const lines = Array.from({ length: CROWD }, (_, count) => join(scripted, count));
    follow(scripted, { id: 'b', ...listening });
    scripted.outputs.length = 0;
    for (const other of lines) other.say(encodeHeartbeat());
    scripted.now += 60_000;
    scripted.act((mesh, now) => mesh.tick(now));
    for (let second = 0; second < 3; second++) live(scripted, lines);
    for (const other of lines) other.say(encodeHeartbeat());
    scripted.wait(999);
    expect(scripted.outputs.filter(({ kind }) => kind === 'dial')).toEqual([]);
    scripted.wait(1);
    expect(scripted.outputs.filter(({ kind }) => kind === 'dial').length).toBe(1);
  });
});

describe('a node that is crowded, and the age of its links', () => {
  it('does not take for stopped who is silent for two signs of life, as is usual there', () => {
    const scripted = new Scripted({
      maxPeers: 1000,
      maxHandshakes: 1000,
      totalWindow: 16 * 1024 * 1024,
      maxLinkAge: 3000,
    });
    const lines = Array.from({ length: CROWD }, (_, count) => join(scripted, count));
    follow(scripted, { id: 'b', addresses: ['test://elsewhere'] });
    scripted.outputs.length = 0;
    expect(extensions(lines).length).toBe(CROWD);
    // Every link is replaced at seven eighths of that age or later: so long after b last spoke.
    scripted.wait(3000);
    expect(scripted.outputs.filter(({ kind }) => kind === 'dial').length).toBe(1);
  });
});

describe('a node that is crowded, and has no room for a packet', () => {
  const options = { maxPeers: 1000, maxHandshakes: 1000, window: 64 * 1024, totalWindow: 16 * 1024 * 1024 };

  /** Such a node, and its links, which have acknowledged nothing. */
  function crowd(more: { totalWindow?: number; maxPacket?: number }): { scripted: Scripted; lines: Line[] } {
    const scripted = new Scripted({ ...options, ...more });
    const lines = Array.from({ length: CROWD + 1 }, (_, count) => join(scripted, count));
    for (const line of lines) line.said();
    return { scripted, lines };
  }

  const asked = (lines: readonly Line[]): number => lines.filter((line) => line.kinds().includes('Ack')).length;

  it('asks for what it may not hear for long', () => {
    const { scripted, lines } = crowd({});
    const [first, second, third] = lines as [Line, Line, Line];
    expect(scripted.act((mesh) => mesh.send('a0', new Uint8Array(10), false))).toBe(1);
    expect(scripted.act((mesh) => mesh.send('a1', new Uint8Array(10), false))).toBe(1);
    expect(asked(lines)).toBe(0);
    // More than the window: it goes when nothing else is on its way.
    expect(scripted.act((mesh) => mesh.send('a0', new Uint8Array(100_000), false))).toBe(0);
    expect([asked([first]), asked([second]), asked([third])]).toEqual([1, 1, 0]);
    first.say(encodeAck([1, 0]));
    expect(scripted.heard()).toContain('drain a0');
  });

  it('asks for what it sends meanwhile, so that others do not keep it from having room', () => {
    const { scripted, lines } = crowd({ totalWindow: 4 * 1024 * 1024, maxPacket: 8 * 1024 * 1024 });
    scripted.act((mesh) => mesh.send('a0', new Uint8Array(10), false));
    expect(scripted.act((mesh) => mesh.send('a1', new Uint8Array(5 * 1024 * 1024), false))).toBe(0);
    asked(lines);
    scripted.act((mesh) => mesh.send('a2', new Uint8Array(10), false));
    expect(asked(lines)).toBe(1);
  });
});

describe('a peer that is crowded', () => {
  /** A link with such a peer, on which everything so far is acknowledged, and how often the core said something. */
  function crowded(): { scripted: Scripted; line: Line } {
    const scripted = new Scripted({ window: 1e6 });
    const { line } = follow(scripted, { window: 1e6 });
    line.say(encodeExtension(Extension.Crowded), data('x'));
    line.said();
    return { scripted, line };
  }

  it('hears signs of life half as often, and has few packets acknowledged with the next, which that is', () => {
    const { scripted, line } = crowded();
    scripted.wait(400);
    line.say(data('1'), data('2'));
    scripted.wait(1599);
    expect(line.kinds()).toEqual([]);
    scripted.wait(1);
    expect(line.said()).toEqual([{ kind: 'Ack', fields: { handled: [3, 0] } }]);
    line.say(encodeHeartbeat());
    scripted.wait(1999);
    expect(line.kinds()).toEqual([]);
    scripted.wait(1);
    expect(line.kinds()).toEqual(['Heartbeat']);
  });

  it('has packets acknowledged as they come, where a sign of life would follow soon', () => {
    const { scripted, line } = crowded();
    scripted.wait(1499);
    line.say(data('1'));
    expect(line.kinds()).toEqual([]);
    scripted.wait(1);
    line.say(data('2'), data('3'));
    expect(line.said()).toEqual([{ kind: 'Ack', fields: { handled: [4, 0] } }]);
    // That was one, and the next is as far away as ever.
    line.say(data('4'));
    scripted.wait(1499);
    line.say(encodeHeartbeat());
    expect(line.kinds()).toEqual([]);
    scripted.wait(1);
    line.say(encodeHeartbeat());
    expect(line.said()).toEqual([{ kind: 'Ack', fields: { handled: [5, 0] } }]);
    scripted.wait(1500);
    line.say(encodeHeartbeat());
    expect(line.kinds()).toEqual([]);
  });

  it('hears them as often as others once it takes it back, though nothing else happens', () => {
    const { scripted, line } = crowded();
    scripted.wait(2000);
    expect(line.kinds()).toEqual(['Heartbeat']);
    scripted.wait(200);
    line.say(encodeExtension(Extension.Roomy));
    scripted.wait(799);
    expect(line.kinds()).toEqual([]);
    scripted.wait(1);
    expect(line.kinds()).toEqual(['Heartbeat']);
  });

  it('waits for it no longer than two seconds, however seldom signs of life are', () => {
    const scripted = new Scripted({ heartbeat: 30_000, timeout: 100_000 });
    const { line } = follow(scripted);
    line.say(encodeExtension(Extension.Crowded), data('x'));
    line.said();
    line.say(data('1'));
    scripted.wait(CROWD_DELAY - 1);
    expect(line.kinds()).toEqual([]);
    scripted.wait(1);
    expect(line.kinds()).toEqual(['Ack']);
  });

  it('has more than a little acknowledged as others have', () => {
    const { scripted, line } = crowded();
    line.say(...Array.from({ length: 20 }, () => data('x')));
    scripted.wait(ACK_DELAY - 1);
    expect(line.kinds()).toEqual([]);
    scripted.wait(1);
    expect(line.said()).toEqual([{ kind: 'Ack', fields: { handled: [21, 0] } }]);
  });

  it('has all acknowledged at once where it asks', () => {
    const { line } = crowded();
    line.say(data('x'), encodeAckRequest());
    expect(line.said()).toEqual([{ kind: 'Ack', fields: { handled: [2, 0] } }]);
  });

  it('can take it back', () => {
    const { scripted, line } = crowded();
    line.say(encodeExtension(Extension.Roomy), data('x'));
    scripted.wait(LITTLE_DELAY);
    expect(line.kinds()).toEqual(['Ack']);
  });

  it('has to say so again on each link', () => {
    const { scripted, line } = crowded();
    line.say(encodeAck([0, 0]));
    line.end();
    const again = follow(
      scripted,
      {},
      { incarnation: '00000000000000aa', session: 1, epoch: 1, received: [0, 0] },
    ).line;
    again.said();
    again.say(data('y'));
    again.said();
    again.say(data('z'));
    scripted.wait(LITTLE_DELAY);
    expect(again.kinds()).toEqual(['Ack']);
  });
});
