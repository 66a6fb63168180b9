import { expect, it } from 'vitest';
import { Trace } from '../../src/testing/trace.js';

it('is a line for each thing, with its time', () => {
  const trace = new Trace(10);
  trace.add(0, 'a', 'listening', ['sim://a']);
  trace.add(1234.5678, '**', 'partition', [['a', 'b'], 'c']);
  expect(trace.last()).toEqual(['       0.000  a listening sim://a', "    1234.568  ** partition [ 'a', 'b' ] c"]);
});

it('shows packets on one line, and short', () => {
  const trace = new Trace(10);
  const large = { text: 'x'.repeat(1000), list: Array.from({ length: 1000 }, (_, index) => index), more: { deep: {} } };
  trace.add(0, 'a', 'message', ['b', large]);
  trace.add(0, 'a', 'message', [new Uint8Array(50), new Error('no'), 'two\nlines', 5, null]);
  for (const line of trace.last()) {
    expect(line).not.toContain('\n');
    expect(line.length).toBeLessThan(200);
  }
  expect(trace.last()[1]).toContain(String.raw`<50 bytes> (no) 'two\nlines' 5 null`);
});

it('keeps the last lines only', () => {
  const trace = new Trace(3);
  for (let i = 0; i < 100; i++) trace.add(i, 'a', `line ${i}`);
  expect(trace.last().map((line) => line.slice(-2))).toEqual(['97', '98', '99']);
  expect(trace.last(1)).toHaveLength(1);
  const none = new Trace(0);
  none.add(0, 'a', 'line');
  expect(none.last()).toEqual([]);
});
