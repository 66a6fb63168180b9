/** Streams of the simulated network keep the rules of every transport. Here its time passes as fast as it can. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Agenda } from '../../src/testing/agenda.js';
import { Network } from '../../src/testing/network.js';
import { Random } from '../../src/testing/random.js';
import { simTransports, simUri } from '../../src/testing/transport.js';
import type { Transport } from '../../src/transports/transport.js';
import { compliance } from '../transports/compliance.js';

const agenda = new Agenda();
const network = new Network(agenda, new Random(1));
const transports = simTransports(network.process('host'), agenda);
const [transport] = transports as [Transport];
let names = 0;
let running = true;

function pass(): void {
  for (let steps = 0; steps < 200 && agenda.step(); steps++);
  if (running) setImmediate(pass);
}

beforeAll(pass);
afterAll(() => {
  running = false;
});

compliance({ transport, free: () => `sim://node-${++names}` });

describe('simulated addresses', () => {
  it.each([
    ['sim://a', 'sim://a'],
    ['SIM://Node_1.b-c', 'sim://Node_1.b-c'],
    ['sim://ä', 'sim://%C3%A4'],
    ['sim://%61', 'sim://a'],
    [simUri('a b/c:€'), 'sim://a%20b%2Fc%3A%E2%82%AC'],
  ])('%s is %s', (uri, canonical) => {
    expect(transport.canonical(uri)).toBe(canonical);
    expect(transport.isLocal(uri)).toBe(true);
  });

  it.each([
    'sim://',
    'sim:a',
    'sim:///a',
    'sim://a/',
    'sim://a b',
    'sim://a:1',
    'sim://%zz',
    `sim://${'x'.repeat(1001)}`,
  ])('%j is refused', (uri) => {
    expect(() => transport.canonical(uri)).toThrow(
      expect.objectContaining({
        code: 'ERR_URI',
        message: expect.stringMatching(/must be sim:\/\/ and a name.*sim:\/\/name/),
      }),
    );
  });
});

it('other schemes are refused, since they lead out of the simulation', () => {
  const others = transports.slice(1);
  expect(others.map(({ scheme }) => scheme)).toEqual(['tcp', 'unix', 'memory']);
  for (const { scheme, canonical } of others) {
    expect(() => canonical(`${scheme}://x`)).toThrow(
      expect.objectContaining({ code: 'ERR_URI', message: expect.stringContaining(`a simulation has no ${scheme}`) }),
    );
  }
});
