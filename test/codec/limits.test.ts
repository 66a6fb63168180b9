import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/codec/limits.js';
import { optionRanges } from '../../src/ranges.js';
import { thrownBy } from './packets.js';

test('the defaults are those of the options', () => {
  const { depth, items, size } = resolveLimits({});
  expect(depth).toBe(optionRanges['limits.depth']?.fallback);
  expect(items).toBe(optionRanges['limits.items']?.fallback);
  expect(size).toBe(optionRanges.maxPacket?.fallback);
});

test('what is undefined is left out', () => {
  expect(resolveLimits({ depth: undefined, items: undefined, size: undefined })).toEqual(resolveLimits({}));
});

test('whatever the options allow, the codec takes', () => {
  for (const bound of ['min', 'max'] as const) {
    const depth = optionRanges['limits.depth']?.[bound] ?? 0;
    const items = optionRanges['limits.items']?.[bound] ?? 0;
    const size = optionRanges.maxPacket?.[bound] ?? 0;
    expect(resolveLimits({ depth, items, size })).toEqual({ depth, items, size });
  }
});

test.each([
  [{ depth: 0 }, 'depth is 0'],
  [{ depth: 513 }, 'depth is 513'],
  [{ items: 1.5 }, 'items is 1.5'],
  [{ size: 15 }, 'size is 15'],
  [{ size: Number.NaN }, 'size is NaN'],
  [{ depht: 5 } as object, 'no limit depht'],
  [{ depth: null as unknown as number }, 'depth is null'],
  [{ items: '5' as unknown as number }, 'items is 5'],
])('%o is refused', (limits, message) => {
  const error = thrownBy(() => resolveLimits(limits));
  expect(error.code).toBe('ERR_OPTION');
  expect(error.message).toContain(message);
});
