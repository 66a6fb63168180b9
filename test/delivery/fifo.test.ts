import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../../src/delivery/fifo.js';

describe('Fifo', () => {
  it('finds items by the number of their coming, for as long as they wait', () => {
    const fifo = new Fifo<string>();
    for (const item of ['a', 'b', 'c']) fifo.push(item);
    expect(fifo.shift()).toBe('a');
    expect([fifo.first, fifo.end, fifo.size]).toEqual([1, 3, 2]);
    expect([fifo.at(0), fifo.at(1), fifo.at(2), fifo.at(3)]).toEqual([undefined, 'b', 'c', undefined]);
    expect([...fifo]).toEqual(['b', 'c']);
  });

  it('behaves as an array does', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer(), fc.constant('shift' as const)), { maxLength: 5000 }), (steps) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const step of steps) {
          if (step === 'shift') {
            expect(fifo.shift()).toBe(model.shift());
          } else {
            fifo.push(step);
            model.push(step);
          }
        }
        expect([...fifo]).toEqual(model);
      }),
      { numRuns: 50 },
    );
  });

  it('gives memory back while it goes on', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 10_000; i++) {
      fifo.push(i);
      if (i >= 3) expect(fifo.shift()).toBe(i - 3);
    }
    expect(fifo.size).toBe(3);
    expect(fifo.first).toBe(9997);
  });
});
