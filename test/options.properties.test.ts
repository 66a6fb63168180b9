/** Laws of options, for any that are valid and any that are not. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resolveOptions, type ServerOptions } from '../src/options.js';
import { optionRanges } from '../src/ranges.js';

const names = Object.keys(optionRanges);

/** Any whole number that the option may be, on its own; its bounds are not rare. */
function allowed(name: string): fc.Arbitrary<number> {
  const { min, max } = optionRanges[name] as (typeof optionRanges)[string];
  const most = Math.min(max, Number.MAX_SAFE_INTEGER);
  return fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max: most }), fc.integer({ min, max: min + 100 }));
}

/** Nested where a name has a dot. */
function nested(flat: Readonly<Record<string, unknown>>): ServerOptions {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flat)) {
    const [outer = '', inner] = name.split('.');
    if (inner === undefined) options[outer] = value;
    else options[outer] = { ...(options[outer] as object | undefined), [inner]: value };
  }
  return options as ServerOptions;
}

function read(options: object, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => Reflect.get(at as object, key), options);
}

/** Every number option, each within its bounds and none against another. */
const everything = fc
  .record(Object.fromEntries(names.map((name) => [name, allowed(name)])) as Record<string, fc.Arbitrary<number>>)
  .map((flat) => {
    const ascending = (...keys: string[]) => {
      const sorted = keys.map((key) => flat[key] as number).sort((left, right) => left - right);
      return Object.fromEntries(keys.map((key, index) => [key, sorted[index]]));
    };
    return {
      ...flat,
      ...ascending('heartbeat', 'timeout', 'stallTimeout'),
      ...ascending('reconnect.minDelay', 'reconnect.maxDelay'),
    } as Record<string, number>;
  })
  .filter((flat) => (flat.heartbeat as number) < (flat.timeout as number) && (flat.timeout as number) >= 20);
const some = fc.tuple(everything, fc.subarray(names)).map(([flat, chosen]) => {
  // Those that bound each other come together.
  const groups = [
    ['heartbeat', 'timeout', 'stallTimeout'],
    ['reconnect.minDelay', 'reconnect.maxDelay'],
  ];
  const all = new Set(chosen.flatMap((name) => groups.find((group) => group.includes(name)) ?? [name]));
  return Object.fromEntries(Object.entries(flat).filter(([name]) => all.has(name)));
});

it('what is given is taken as it is, and what is not given is the default', () => {
  fc.assert(
    fc.property(some, (flat) => {
      const resolved = resolveOptions(nested(flat));
      for (const name of names) {
        const wanted = flat[name] ?? optionRanges[name]?.fallback;
        if (name === 'port') expect(resolved.listen).toEqual([`tcp://127.0.0.1:${wanted}`]);
        else expect([name, read(resolved, name)]).toEqual([name, wanted]);
      }
    }),
  );
});

it('what was resolved resolves to itself', () => {
  fc.assert(
    fc.property(everything, (flat) => {
      const resolved = resolveOptions(nested(flat));
      const given = Object.fromEntries(Object.entries(resolved).filter(([, value]) => value !== null));
      expect(resolveOptions(given as ServerOptions)).toEqual(resolved);
    }),
  );
});

it('any one number that is none, or out of its bounds, is refused by its name', () => {
  const wrong = (name: string) => {
    const { min, max } = optionRanges[name] as (typeof optionRanges)[string];
    const beyond =
      max === Number.POSITIVE_INFINITY
        ? fc.constant(Number.NaN)
        : fc.integer({ min: max + 1 > 2 ** 53 ? max : max + 1, max: 2 ** 53 - 1 });
    const notWhole = fc.double({ noInteger: true, noDefaultInfinity: true });
    const notNumber = fc.anything().filter((value) => typeof value !== 'number' && value !== undefined);
    return fc.oneof(
      fc.constantFrom(min - 1, min - 0.5),
      fc.integer({ min: -(2 ** 53) + 1, max: min - 1 }),
      beyond,
      notWhole,
      notNumber,
    );
  };
  const faults = fc.constantFrom(...names).chain((name) => fc.tuple(fc.constant(name), wrong(name)));
  fc.assert(
    fc.property(everything, faults, (flat, [name, value]) => {
      expect(() => resolveOptions(nested({ ...flat, [name]: value }))).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(`option ${name} is `) }),
      );
    }),
    { numRuns: 300 },
  );
});

it('a name that does not exist is refused by that name, wherever it stands', () => {
  // No option has such a name.
  const name = fc.stringMatching(/^[a-zA-Z]{1,12}_[a-z]$/);
  fc.assert(
    fc.property(everything, name, fc.constantFrom('', 'reconnect.', 'limits.'), (flat, unknown, place) => {
      expect(() => resolveOptions(nested({ ...flat, [place + unknown]: 1 }))).toThrow(
        expect.objectContaining({
          code: 'ERR_OPTION',
          message: expect.stringMatching(new RegExp(`[ .]${place.replace('.', '\\.')}${unknown}\\b`)),
        }),
      );
    }),
  );
});

it('what was resolved is frozen through and through, and nothing done to what was given reaches it', () => {
  const uris = fc.array(fc.constantFrom<string>('tcp://127.0.0.1:0', 'memory://x', 'unix:///x'), { maxLength: 4 });
  fc.assert(
    fc.property(everything, uris, uris, ({ port: _, ...flat }, listen, advertise) => {
      const given = { ...nested(flat), listen: [...listen], advertise: [...advertise] };
      const resolved = resolveOptions(given);
      given.listen.push('memory://later');
      given.advertise.length = 0;
      Object.assign(given.reconnect as object, { attempts: 77 });
      Object.assign(given.limits as object, { peers: 77 });
      expect(resolved.listen).toEqual(listen);
      expect(resolved.advertise).toEqual(advertise);
      expect(resolved.reconnect.attempts).toBe(flat['reconnect.attempts']);
      expect(resolved.limits.peers).toBe(flat['limits.peers']);
      for (const part of [resolved, resolved.listen, resolved.advertise, resolved.reconnect, resolved.limits]) {
        expect(Object.isFrozen(part)).toBe(true);
      }
    }),
  );
});
