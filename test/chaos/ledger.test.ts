import { expect, it } from 'vitest';
import { Ledger } from './ledger.js';

/** What two nodes note when `a` sends four packets, of which the last does not arrive and is reported. */
const SENDER = [
  'connect b 1',
  'confirmed b 0 1',
  'uncertain b 0 3-3',
  'disconnect b restarted',
  'accepted b 0 4',
  'end',
];
const RECEIVER = ['connect a 2', 'got a.1 1 0 0', 'got a.1 1 0 1', 'got a.1 1 0 2'];

function complaints(sender: readonly string[], receiver: readonly string[]): string[] {
  const ledger = new Ledger();
  ledger.read('a.1', sender.map((line) => `${line}\n`).join(''));
  ledger.read('b.1', receiver.map((line) => `${line}\n`).join(''));
  return ledger.complaints();
}

function without(lines: readonly string[], line: string): string[] {
  return lines.filter((each) => each !== line);
}

it('finds nothing where all is well, and counts', () => {
  const ledger = new Ledger();
  ledger.read('b.1', `${RECEIVER.join('\n')}\n`);
  // In pieces that end anywhere.
  const text = `${SENDER.join('\n')}\n`;
  ledger.read('a.1', text.slice(0, 30));
  ledger.read('a.1', text.slice(30));
  expect(ledger.complaints()).toEqual([]);
  expect(ledger.sums()).toMatchObject({
    accepted: 4,
    delivered: 3,
    uncertain: 1,
    unsent: 0,
    confirmed: 1,
    sessions: 2,
  });
  expect(ledger.disconnects).toEqual([{ node: 'a', peer: 'b', reason: 'restarted' }]);
});

it.each([
  [
    'a packet that is neither delivered nor reported',
    without(SENDER, 'uncertain b 0 3-3'),
    RECEIVER,
    '1 packets lost: 3',
  ],
  ['a gap', SENDER, without(RECEIVER, 'got a.1 1 0 1'), '1 packets lost: 1'],
  ['one that arrives twice', SENDER, [...RECEIVER, 'got a.1 1 0 2'], 'packet 2 of a.1 lane 0 after 2'],
  ['one that arrives late', SENDER, [...without(RECEIVER, 'got a.1 1 0 1'), 'got a.1 1 0 1'], 'after 2'],
  ['one that nobody sent', SENDER, [...RECEIVER, 'got a.1 1 0 4'], 'packet 4, of 4 accepted'],
  ['unsent and arrived', [...SENDER, 'unsent b 0 2-2'], RECEIVER, 'reported as unsent, and arrived: 2'],
  ['told both', [...SENDER, 'unsent b 0 3-3'], RECEIVER, 'reported as unsent and as uncertain: 3'],
  ['reported twice', [...SENDER, 'uncertain b 0 3-3'], RECEIVER, 'reported uncertain out of order'],
  ['said to be had, and lost', [...SENDER, 'confirmed b 0 3'], RECEIVER, 'deliver said that 3 was had'],
  ['altered', SENDER, [...RECEIVER, 'altered a.1 1 0 3'], 'a packet altered on its way'],
  ['of a later session', SENDER, [...RECEIVER, 'got a.1 2 0 3'], 'within that of a.1 session 1'],
  ['before connect', SENDER, without(RECEIVER, 'connect a 2'), 'packet 0 of a.1, which is not connected'],
  ['connect twice', SENDER, ['connect a 2', ...RECEIVER], 'connect of a, which is connected'],
  ['disconnect twice', [...SENDER, 'disconnect b closed'], RECEIVER, 'disconnect of b, which is not there'],
  ['a conflict', [...SENDER, 'conflict a'], RECEIVER, 'conflict of the id a'],
])('finds %s', (_what, sender, receiver, complaint) => {
  expect(complaints(sender, receiver).join('\n')).toContain(complaint);
});

it('asks of a killed node only what is below the last that arrived, and leaves out the line it died in', () => {
  const killed = without(without(SENDER, 'accepted b 0 4'), 'uncertain b 0 3-3');
  expect(complaints(killed, RECEIVER)).toEqual([]);
  expect(complaints(killed, without(RECEIVER, 'got a.1 1 0 1')).join()).toContain('1 packets lost: 1');
  const ledger = new Ledger();
  ledger.read('b.1', `${RECEIVER.join('\n')}\ngot a.1 1 0 `);
  expect(ledger.complaints()).toEqual([]);
});

it('lets sessions end in any way once the nodes were told to part', () => {
  const ledger = new Ledger();
  ledger.read('a.1', 'connect b 1\nend\ndisconnect b closed\n');
  expect(ledger.disconnects).toEqual([]);
});
