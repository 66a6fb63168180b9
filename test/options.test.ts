import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveOptions, type ServerOptions } from '../src/options.js';
import { optionRanges } from '../src/ranges.js';
import { memory } from '../src/transports/memory.js';

const documentation = readFileSync(new URL('../docs/options.md', import.meta.url), 'utf8');

/** Options with one value, nested where the name has a dot. */
function one(name: string, value: unknown): ServerOptions {
  const [outer = '', inner] = name.split('.');
  // What TypeScript would refuse is what these tests are about.
  return (inner === undefined ? { [outer]: value } : { [outer]: { [inner]: value } }) as ServerOptions;
}

function read(options: object, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => Reflect.get(at as object, key), options);
}

/** Others that a value needs to be allowed at all. */
function company(name: string): ServerOptions {
  if (name === 'heartbeat') return { timeout: 2 ** 31 - 1, stallTimeout: 2 ** 31 - 1 };
  if (name === 'timeout') return { heartbeat: 10, stallTimeout: 2 ** 31 - 1 };
  if (name === 'stallTimeout') return { heartbeat: 10, timeout: 20 };
  return {};
}

describe('the table of numbers in docs/options.md', () => {
  const rows = [...documentation.matchAll(/^\| `([\w.]+)` \| (\d+|Infinity) \| (\d+) to (\d+|Infinity) \|/gm)];

  it('is the one that options are checked by, both ways', () => {
    const table = Object.fromEntries(
      rows.map(([, name, fallback, min, max]) => [
        name,
        { fallback: Number(fallback), min: Number(min), max: Number(max) },
      ]),
    );
    expect(table).toEqual(optionRanges);
  });

  it('names every other option too', () => {
    const others = [
      'secret',
      'tls',
      'authorize',
      'host',
      'listen',
      'advertise',
      'insecure',
      'transports',
      'codec',
      'debug',
      'reconnect',
      'limits',
    ];
    for (const name of others) expect(documentation).toMatch(new RegExp(`^\\| \`${name}\` \\|`, 'm'));
  });
});

describe('resolveOptions', () => {
  const numbers = Object.entries(optionRanges).filter(([name]) => name !== 'port');

  it('fills in the defaults and freezes everything', () => {
    const resolved = resolveOptions();
    for (const [name, { fallback }] of numbers) expect([name, read(resolved, name)]).toEqual([name, fallback]);
    expect(resolved.listen).toEqual(['tcp://127.0.0.1:0']);
    for (const part of [resolved, resolved.reconnect, resolved.limits, resolved.listen])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it.each(numbers)('takes %s at its bounds and refuses it beyond', (name, { min, max }) => {
    for (const value of [min, max]) {
      if (name === 'heartbeat' && value === max) continue;
      if (name === 'reconnect.minDelay' && value === max) continue;
      if (name === 'reconnect.maxDelay' && value === min) continue;
      expect(read(resolveOptions({ ...company(name), ...one(name, value) }), name)).toBe(value);
    }
    const wrong: unknown[] = [min - 1, min + 0.5, Number.NaN, '5', null, {}, true];
    if (max !== Number.POSITIVE_INFINITY) wrong.push(max + 1, Number.POSITIVE_INFINITY);
    for (const value of wrong) {
      expect(() => resolveOptions({ ...company(name), ...one(name, value) })).toThrowError(
        expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(name) }),
      );
    }
  });

  it('takes any whole number between the bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1024, max: 2 ** 31 }), (window) => {
        expect(resolveOptions({ window }).window).toBe(window);
      }),
    );
  });

  it.each<[ServerOptions['reconnect'], number]>([
    [undefined, 1],
    [true, Number.POSITIVE_INFINITY],
    [false, 0],
    [7, 7],
    [{ attempts: 3 }, 3],
    [{}, 1],
  ])('reads reconnect: %j as %d attempts', (reconnect, attempts) => {
    expect(resolveOptions(reconnect === undefined ? {} : { reconnect }).reconnect.attempts).toBe(attempts);
  });

  it.each<[ServerOptions, readonly string[]]>([
    [{ port: 80 }, ['tcp://127.0.0.1:80']],
    [{ host: '::1', port: 1 }, ['tcp://[::1]:1']],
    [{ host: 'localhost' }, ['tcp://localhost:0']],
    [{ listen: 'unix:///x' }, ['unix:///x']],
    [{ listen: ['memory://a', 'memory://b'] }, ['memory://a', 'memory://b']],
    [{ listen: [] }, []],
  ])('reads %j as what to listen on', (options, uris) => {
    expect(resolveOptions(options).listen).toEqual(uris);
  });

  it.each<[string, unknown]>([
    ['secret', 'password'],
    ['secret', []],
    ['secret', undefined],
    ['tls', {}],
    ['tls', undefined],
    ['authorize', undefined],
    ['authorize', 'a,b'],
    ['host', ''],
    ['host', 5],
    ['insecure', 'yes'],
    ['listen', 5],
    ['listen', [5]],
    ['advertise', {}],
    ['debug', 'masterless'],
    ['codec', {}],
    ['codec', { name: Symbol('x'), encode: () => null, decode: () => null }],
    ['heartbeat', Object.create(null)],
    ['heartbeat', Symbol('x')],
    ['transports', 5],
    ['transports', new Set()],
    ['transports', [null]],
    ['transports', [{}]],
    ['transports', [{ scheme: 'foo' }]],
    ['transports', [{ ...memory(), scheme: 'FOO' }]],
    ['limits', []],
    ['options', new Map([['secret', 'x']])],
    // A list with a hole.
    ['transports', new Array(1)],
    ['listen', new Array(1)],
    ['codec', { name: 'a space', encode: () => null, decode: () => null }],
    ['insecure', null],
    ['limits', null],
    ['reconnect', null],
    ['transports', null],
    ['host', null],
    ['port', null],
    ['platform', null],
    ['platform', { now: () => 0 }],
    ['limits', 5],
    ['reconnect', 'often'],
    ['hearbeat', 5],
    ['limits.dept', 5],
    ['reconnect.delay', 5],
  ])('refuses %s: %j, naming it', (name, value) => {
    expect(() => resolveOptions(one(name, value))).toThrowError(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(name) }),
    );
  });

  it('takes no list for the options', () => {
    expect(() => resolveOptions([] as object)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });

  it('does not show the value of an option that does not exist, which may be a secret', () => {
    expect(() => resolveOptions(one('secrets', 'hunter2'))).toThrow(/^(?!.*hunter2).*secrets/);
    expect(() => resolveOptions(one('limits.secret', 'hunter2'))).toThrow(/^(?!.*hunter2).*limits\.secret/);
  });

  it('refuses combinations that contradict each other', () => {
    const contradictions: ServerOptions[] = [
      { heartbeat: 1000, timeout: 1000 },
      { timeout: 5000, stallTimeout: 4000 },
      { reconnect: { minDelay: 100, maxDelay: 50 } },
      { listen: 'memory://x', port: 5 },
    ];
    for (const options of contradictions) {
      expect(() => resolveOptions(options)).toThrowError(expect.objectContaining({ code: 'ERR_OPTION' }));
    }
  });
});
