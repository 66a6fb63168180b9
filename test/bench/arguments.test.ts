/** What the command takes, and how it refuses the rest. */
import { expect, it } from 'vitest';
import { parseArguments } from '../../bench/arguments.js';

it('measures everything over TCP in five rounds unless told otherwise', () => {
  const asked = parseArguments([]);
  expect(asked).toMatchObject({ quick: false, rounds: 5, transports: ['tcp'], json: null, write: null });
  expect(asked?.peers).toContain('nats');
  expect(asked?.workloads.map(({ name }) => name)).toContain('growth-size');
});

it('takes lists, in the order of the report, each name once', () => {
  const asked = parseArguments([
    '--quick',
    '--only=small,ping-pong',
    '--peers=floor,ours,floor',
    '--transports=unix,secret,tls',
  ]);
  expect(asked?.workloads.map(({ name }) => name)).toEqual(['ping-pong', 'small']);
  expect(asked).toMatchObject({
    quick: true,
    rounds: 1,
    peers: ['floor', 'ours'],
    transports: ['unix', 'secret', 'tls'],
  });
});

it('writes the page into docs, or elsewhere', () => {
  expect(parseArguments(['--write'])?.write).toBe('docs');
  expect(parseArguments(['--write=/tmp/x', '--json=y'])).toMatchObject({ write: '/tmp/x', json: 'y' });
});

it.each(['--only=smal', '--peers=wss', '--transports=udp', '--rounds=0', '--rounds=1.5', '--rounds=many', '--fast'])(
  'refuses %s',
  (argument) => expect(() => parseArguments([argument])).toThrow(),
);

it('only helps when asked to', () => expect(parseArguments(['--help'])).toBeNull());
