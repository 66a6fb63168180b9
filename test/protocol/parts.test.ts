import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joined, Parts } from '../../src/protocol/parts.js';

const list = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 6 });

it('any range of the parts is what it is of all of them in one', () => {
  fc.assert(
    fc.property(list, fc.nat(60), fc.nat(60), fc.nat(5), (parts, one, other, offset) => {
      const whole = Buffer.concat(parts);
      const packet = new Parts(parts);
      expect(packet.length).toBe(whole.length);
      expect(Buffer.compare(packet.whole(), whole)).toBe(0);
      const [from, to] = [Math.min(one, other, whole.length), Math.min(Math.max(one, other), whole.length)];
      const target = new Uint8Array(80).fill(0xee);
      const expected = Buffer.from(target);
      whole.copy(expected, offset, from, to);
      packet.copy(from, to, target, offset);
      expect(Buffer.compare(target, expected)).toBe(0);
    }),
  );
});

it('pieces are joined in order, and a single one is not copied', () => {
  fc.assert(fc.property(list, (pieces) => Buffer.compare(joined(pieces), Buffer.concat(pieces)) === 0));
  const piece = new Uint8Array(3);
  expect(joined([piece])).toBe(piece);
});
