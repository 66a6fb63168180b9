import { describe, expect, it } from 'vitest';
import { Progress } from '../../src/cli/progress.js';

function terminal(isTTY: boolean): { isTTY: boolean; text: string; write(text: string): boolean } {
  return {
    isTTY,
    text: '',
    write(text) {
      this.text += text;
      return true;
    },
  };
}

describe('Progress', () => {
  it('makes way on a terminal', () => {
    const stream = terminal(true);
    const progress = new Progress(stream, () => '5 lines');
    progress.pause(() => stream.write('told\n'));
    progress.end();
    expect(stream.text).toBe('\r\u001b[Ktold\n\r\u001b[K');
  });

  it('writes nothing anywhere else', () => {
    const stream = terminal(false);
    const progress = new Progress(stream, () => '5 lines');
    progress.pause(() => stream.write('told\n'));
    progress.end();
    expect(stream.text).toBe('told\n');
  });
});
