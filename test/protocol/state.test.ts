import { describe, expect, it } from 'vitest';
import { encodeHeartbeat } from '../../src/protocol/control.js';
import { MeshState } from '../../src/protocol/state.js';
import { CONFIG, follow, Scripted } from './scripted.js';

describe('a nonce', () => {
  it.each([
    ['nothing but 0', [0], 1, 1],
    ['what is below 1', [0.999_999_99], 2 ** 44, 2 ** 44],
    ['high bits only', [0.999_999_99, 0], 2 ** 43, 2 ** 44],
    ['low bits only', [0, 0.999_999_99], 2 ** 21, 2 ** 22],
  ])('is 44 bits of chance and never 0, though chance gives %s', (_what, chances, least, most) => {
    let drawn = 0;
    const random = (): number => chances[drawn++ % chances.length] as number;
    const nonce = new MeshState({ ...CONFIG, random }).nonce();
    expect(nonce).toBeGreaterThanOrEqual(least);
    expect(nonce).toBeLessThanOrEqual(most);
  });
});

describe('the age that a link may reach', () => {
  it.each([
    [0, 8000],
    [0.4, 7600],
    [0.8, 7200],
  ])('is up to an eighth shorter, by chance: at %d', (chance, age) => {
    const scripted = new Scripted({ maxLinkAge: 8000, random: () => chance });
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.outputs.length = 0;
    const dials = (): number => scripted.outputs.filter(({ kind }) => kind === 'dial').length;
    for (let second = 0; second < 7; second++) {
      line.say(encodeHeartbeat());
      scripted.wait(1000);
    }
    scripted.wait(age - 7001);
    expect(dials()).toBe(0);
    scripted.wait(1);
    expect(dials()).toBe(1);
  });
});
