import { describe, expect, it } from 'vitest';
import { Arguments, UsageError } from '../../src/cli/arguments.js';

const kinds = { id: 'text', count: 'text', json: 'flag', listen: 'list' } as const;

describe('Arguments', () => {
  it('tells flags, texts, lists and the rest apart', () => {
    const args = new Arguments(['a', '--id', 'x', '--json', '--listen', 'l1', '--listen=l2', 'b'], kinds);
    expect(args.text('id')).toBe('x');
    expect(args.flag('json')).toBe(true);
    expect(args.list('listen')).toEqual(['l1', 'l2']);
    expect(args.rest).toEqual(['a', 'b']);
  });

  it('has a default for what is not given', () => {
    const args = new Arguments([], kinds);
    expect(args.text('id')).toBeUndefined();
    expect(args.flag('json')).toBe(false);
    expect(args.list('listen')).toEqual([]);
    expect(args.whole('count', 7, 1, 9)).toBe(7);
  });

  it.each(['', 'x', '1.5', '-1', '0', '11', '1e1', '99999999999'])('takes no %j for a number from 1 to 10', (text) => {
    const args = new Arguments([`--count=${text}`], kinds);
    expect(() => args.whole('count', 1, 1, 10)).toThrow(UsageError);
  });

  it.each([[['--what']], [['--id']], [['--json=1']]])('refuses %j in one line', (given) => {
    expect(() => new Arguments(given, kinds)).toThrow(UsageError);
    expect(() => new Arguments(given, kinds)).not.toThrow(/\n/);
  });

  it('refuses what belongs to no option, where there is nothing else', () => {
    expect(() => new Arguments(['x'], kinds).nothingElse()).toThrow('"x" is one argument too many');
  });
});
