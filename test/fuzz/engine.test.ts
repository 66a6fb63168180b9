/** The fuzzer finds what is wrong, makes it small, and says how to repeat it. */
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../fuzz/corpus.js';
import { Endless, within } from '../../fuzz/deadline.js';
import { faultOf, fuzz } from '../../fuzz/engine.js';
import { minimise } from '../../fuzz/minimise.js';
import { describe as describeFailure } from '../../fuzz/pieces.js';
import { must, type Target } from '../../fuzz/target.js';

/** Wrong where a 7 comes before a 9. */
const wrong: Target = {
  ...{ name: 'wrong', piece: 1, longest: 50 },
  make: (random) => new Uint8Array(20).map(() => random.below(20)),
  run(input) {
    const seven = input.indexOf(7);
    must(seven < 0 || input.indexOf(9, seven) < 0, `at ${seven}`);
    return `${input.length % 2 === 0 ? 'even' : 'odd'}|${seven}`;
  },
};

describe('the engine', () => {
  it('finds a fault, and makes its input as small as it can be', () => {
    const { failure } = fuzz(wrong, [], 1, 10_000);
    expect(failure?.why).toMatch(/Finding: at \d+/);
    expect([...(failure?.input ?? [])]).toEqual([7, 9]);
    if (failure === null) return;
    expect(describeFailure(failure)).toContain('npm run fuzz -- --target=wrong --input=0709');
  });

  it('gives the same cases for the same seed, others for another', () => {
    const log = (seed: number): string[] => {
      const seen: string[] = [];
      const target: Target = { ...wrong, run: (input) => `${seen.push(String(input)) % 2}|${input[0]}` };
      fuzz(target, [Uint8Array.of(1, 2, 3)], seed, 500);
      return seen;
    };
    expect(log(5)).toEqual(log(5));
    expect(log(5)).not.toEqual(log(6));
    expect(new Set(log(5)).size).toBeGreaterThan(400);
  });

  it('counts classes, without their details', () => {
    const { classes, outcomes, cases } = fuzz(
      { ...wrong, run: (input) => `${(input[0] ?? 0) % 2}|${input[1]}` },
      [],
      1,
      700,
    );
    expect(Object.keys(classes).sort()).toEqual(['0', '1']);
    expect((classes[0] ?? 0) + (classes[1] ?? 0)).toBe(cases);
    expect(outcomes).toBeGreaterThan(10);
  });

  it('keeps the inputs that led somewhere new: byte by byte it finds what chance does not', () => {
    const word = [0xde, 0xc1];
    const run = (input: Uint8Array): string => {
      const right = word.findIndex((byte, index) => input[index] !== byte);
      must(right >= 0, 'the whole word');
      return `word|${right}`;
    };
    expect(fuzz({ ...wrong, run }, [], 1, 150_000).failure?.why).toContain('the whole word');
  });

  it('finds a loop without an end', () => {
    const run = (input: Uint8Array): string => {
      while (input[0] === 3);
      return 'ended';
    };
    const { failure } = fuzz({ ...wrong, run }, [], 1, 10_000, 500);
    expect(failure?.why).toContain('had not ended');
    expect(failure?.input[0]).toBe(3);
  });

  it('tells of memory that is held', () => {
    const held: Uint8Array[] = [];
    const run = (input: Uint8Array): string => `${held.push(new Uint8Array(10_000)) % 2}|${input.length}`;
    expect(fuzz({ ...wrong, run }, [], 1, 1000).growth).toBeGreaterThan(9_000_000);
  });
});

describe('a deadline', () => {
  it('lets pass what ends, and what it throws', () => {
    let ran = 0;
    within(10_000, () => ran++);
    expect(ran).toBe(1);
    expect(() => within(10_000, () => fromHex('xy', 'here'))).toThrowError('here: xy is not in hexadecimal digits');
  });

  it('ends what does not', () => {
    const endless = (): string => {
      for (;;);
    };
    expect(() => within(50, endless)).toThrowError(Endless);
    expect(faultOf({ ...wrong, run: endless }, new Uint8Array(0), 50)).toBeInstanceOf(Endless);
  });
});

it('an input is made smaller only as long as it fails', () => {
  const fails = (input: Uint8Array): boolean => input.filter((byte) => byte > 100).length >= 2;
  expect([...minimise(Uint8Array.of(1, 200, 3, 4, 150, 6, 180), fails)].filter((byte) => byte > 100)).toHaveLength(2);
  expect(minimise(Uint8Array.of(1, 200, 3, 4, 150, 6, 180), fails)).toHaveLength(2);
});

it('hexadecimal digits are read with counts', () => {
  expect([...fromHex('01 ff*3 0a0b*2', 'here')]).toEqual([1, 255, 255, 255, 10, 11, 10, 11]);
  expect(() => fromHex('123', 'here')).toThrowError('here');
});
