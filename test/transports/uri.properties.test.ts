/** Laws of addresses, for any that are right and any text at all. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { Addresses } from '../../src/transports/addresses.js';
import { memory } from '../../src/transports/memory.js';
import { tcp } from '../../src/transports/tcp.js';
import { unix } from '../../src/transports/unix.js';

const addresses = new Addresses([tcp(), unix(), memory()]);

const port = fc.integer({ min: 1, max: 65_535 });
const host = fc.oneof(
  fc.domain().filter((name) => name.length <= 200),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);
const tcpUri = fc
  .tuple(host, port)
  .map(([name, number]) => `tcp://${name}:${number}`)
  .filter((uri) => !/\/\/(0\.0\.0\.0|\[[0:.]*\]):/.test(uri));
const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const path = fc
  .array(
    part.filter((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..'),
    { minLength: 1, maxLength: 3 },
  )
  .filter((parts) => Buffer.byteLength(parts.join('/')) < 90);
const unixUri = path.map((parts) => `unix:///${parts.map(encodeURIComponent).join('/')}`);
const memoryUri = fc.stringMatching(/^[a-zA-Z0-9._-]{1,30}$/).map((name) => `memory://${name}`);
const uris = fc.oneof(tcpUri, unixUri, memoryUri);

it('the canonical spelling of an address is its own canonical spelling', () => {
  fc.assert(
    fc.property(uris, (uri) => {
      const canonical = addresses.canonical(uri);
      expect(addresses.canonical(canonical)).toBe(canonical);
      expect(addresses.transport(canonical).scheme).toBe(addresses.transport(uri).scheme);
    }),
    { numRuns: 200 },
  );
});

it('any text is an address with a canonical spelling, or ERR_URI; nothing else happens', () => {
  const damaged = fc
    .tuple(uris, fc.nat(60), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(3))
    .map(([uri, at, by, cut]) => uri.slice(0, at) + by + uri.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: damaged }, fc.string(), fc.anything({ maxDepth: 1 })), (given) => {
      let canonical: string;
      try {
        canonical = addresses.canonical(given);
      } catch (error) {
        if (error instanceof MasterlessError && error.code === 'ERR_URI') return;
        throw error;
      }
      expect(addresses.canonical(canonical)).toBe(canonical);
    }),
    { numRuns: 300 },
  );
});

it('every spelling of one TCP address has the same canonical one', () => {
  const mixed = (text: string, upper: readonly boolean[]) =>
    text.replace(/./g, (letter, index: number) => (upper[index % upper.length] ? letter.toUpperCase() : letter));
  fc.assert(
    fc.property(
      tcpUri,
      fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      fc.boolean(),
      fc.nat(3),
      (uri, upper, slash, zeros) => {
        const [, before = '', number = ''] = /^(.*):(\d+)$/.exec(uri) ?? [];
        const spelling = `${mixed(before, upper)}:${'0'.repeat(zeros)}${number}${slash ? '/' : ''}`;
        expect(addresses.canonical(spelling)).toBe(addresses.canonical(uri));
      },
    ),
  );
});

it('every spelling of one IPv6 address has the same canonical one', () => {
  const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(groups, port, fc.boolean(), fc.boolean(), (numbers, at, padded, upper) => {
      // Nobody is dialled at :: and ::ffff:0.0.0.0.
      const [mapping = 0] = numbers.splice(5, 1, 0);
      fc.pre(numbers.some((number) => number > 0) || (mapping > 0 && mapping < 0xffff));
      numbers[5] = mapping;
      const plain = numbers.map((number) => number.toString(16)).join(':');
      const full = numbers.map((number) => number.toString(16).padStart(padded ? 4 : 1, '0')).join(':');
      const short = plain.replace(/(?:^|:)0(?::0)+(?::|$)/, '::');
      const wanted = addresses.canonical(`tcp://[${plain}]:${at}`);
      for (const spelling of [full, short]) {
        const given = upper ? spelling.toUpperCase() : spelling;
        expect(addresses.canonical(`tcp://[${given}]:${at}`)).toBe(wanted);
      }
    }),
  );
});

it('every percent-encoding and every idle slash of one path has the same canonical spelling', () => {
  fc.assert(
    fc.property(path, fc.constantFrom('/', '//', '/./'), (parts, slash) => {
      const all = (text: string) =>
        [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      const plain = `unix:///${parts.map(encodeURIComponent).join('/')}`;
      expect(addresses.canonical(`UNIX://${slash}${parts.map(all).join(slash)}`)).toBe(addresses.canonical(plain));
    }),
  );
});
