/**
 * Whatever is given as options: refused with `ERR_OPTION` that says why, or resolved into what is frozen, complete and
 * within its ranges.
 *
 * Input: choices of names and values.
 */
import { MasterlessError } from '../../src/errors.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions } from '../../src/options.js';
import { optionRanges } from '../../src/ranges.js';
import { memory } from '../../src/transports/memory.js';
import { Choices } from '../choices.js';
import { must, type Target } from '../target.js';

const NUMBERS = Object.keys(optionRanges).filter((name) => !name.includes('.'));
const WITHIN: Readonly<Record<string, readonly string[]>> = {
  reconnect: ['attempts', 'minDelay', 'maxDelay'],
  limits: ['depth', 'items', 'handshakes', 'handshakesPerAddress', 'peers', 'deliveries'],
};
const OTHERS = [
  'host',
  'listen',
  'advertise',
  'insecure',
  'codec',
  'transports',
  'debug',
  'platform',
  'hartbeat',
  '__proto__',
  '0',
];
const codec = { name: 'test', encode: () => new Uint8Array(0), decode: () => null };

/** Values that programs pass where they mean another. Made anew each time: nothing of a case stays. */
const VALUES: readonly (() => unknown)[] = [
  ...[0, 1, 2, 10, 16, 20, 512, 1000, 1024, 5000, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -1, 0.5].map(
    (n) => () => n,
  ),
  ...[Number.NaN, Number.POSITIVE_INFINITY, -0, 5n, null, undefined, true, false].map((value) => () => value),
  ...['', '5', 'a', 'tcp://127.0.0.1:1', '::1', '\ud83d', 'x'.repeat(300)].map((text) => () => text),
  () => Symbol('x'),
  () => ({}),
  () => [],
  () => [''],
  () => [5],
  () => [[]],
  () => new Array(3),
  () => Object.create(null) as unknown,
  () => ({ toString: null, valueOf: null }),
  () => ({
    toString() {
      throw new Error('no text');
    },
  }),
  () => new Date(Number.NaN),
  () => new Proxy({}, {}),
  () => () => 1,
  () => class {},
  () => new Map(),
  () => 'memory://a',
  () => ['memory://a', 'tcp://[::1]:5'],
  () => codec,
  () => ({ ...codec, name: '' }),
  () => ({ ...codec, name: Symbol('x') }),
  () => [memory()],
  () => [null],
  () => new Set(['a']),
];

export const options: Target = {
  name: 'options',
  piece: 300_000,
  longest: 64,

  make(random) {
    return new Uint8Array(1 + random.below(10)).map(() => random.below(256));
  },

  run(input) {
    const given = anyOptions(new Choices(input));
    let resolved: ResolvedOptions;
    try {
      resolved = resolveOptions(given as ServerOptions);
    } catch (error) {
      if (!(error instanceof MasterlessError) || error.code !== 'ERR_OPTION') throw error;
      must(error.message.length < 600, 'a message without end');
      return `refused|${error.message.slice(0, 40).replaceAll(/\d+/g, '0')}`;
    }
    mustBeResolved(resolved);
    return `taken|${Object.keys(given ?? {})
      .sort()
      .join(' ')}`;
  },
};

function anyOptions(choices: Choices): unknown {
  if (choices.below(40) === 1) return choices.pick(VALUES)();
  const given: Record<string, unknown> = {};
  while (choices.more) {
    const kind = choices.below(4);
    const name = kind === 0 ? choices.pick(['reconnect', 'limits']) : choices.pick(kind < 3 ? NUMBERS : OTHERS);
    const within = WITHIN[name];
    if (within === undefined || choices.below(4) === 3) {
      define(given, name, choices.pick(VALUES)());
    } else {
      const inner: Record<string, unknown> = {};
      for (let count = choices.below(3); count > 0; count--)
        define(inner, choices.pick(within), choices.pick(VALUES)());
      define(given, name, inner);
    }
  }
  return given;
}

function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function mustBeResolved(resolved: ResolvedOptions): void {
  must(Object.isFrozen(resolved) && Object.isFrozen(resolved.limits), 'it is not frozen');
  for (const [name, { min, max }] of Object.entries(optionRanges)) {
    if (name === 'port') continue;
    const value = name.split('.').reduce((object: unknown, key) => Reflect.get(object as object, key), resolved);
    must(typeof value === 'number' && value >= min && value <= max, `${name} is ${String(value)}`);
  }
  for (const uri of resolved.listen) must(typeof uri === 'string', 'listen is no list of texts');
  for (const transport of resolved.transports)
    must(typeof transport.scheme === 'string', 'a transport without a scheme');
  must(resolved.codec === null || typeof resolved.codec.name === 'string', 'a codec without a name');
  must(resolved.timeout > resolved.heartbeat && resolved.stallTimeout >= resolved.timeout, 'times that make no sense');
}
