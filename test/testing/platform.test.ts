import { expect, it } from 'vitest';
import { Agenda } from '../../src/testing/agenda.js';
import { Network } from '../../src/testing/network.js';
import { VirtualPlatform } from '../../src/testing/platform.js';
import { Random } from '../../src/testing/random.js';

function scene() {
  const agenda = new Agenda();
  const process = new Network(agenda, new Random(1)).process('a');
  const platform = new VirtualPlatform(agenda, new Random(1), process);
  const rung: string[] = [];
  const note = (name: string) => () => {
    rung.push(`${name} at ${agenda.now}`);
  };
  return { agenda, process, platform, rung, note };
}

it('rings in virtual time, unless it is told not to', () => {
  const { agenda, platform, rung, note } = scene();
  platform.setTimeout(note('timeout'), 50);
  platform.setImmediate(note('immediate'));
  platform.clearTimeout(platform.setTimeout(note('cleared'), 10));
  platform.clearImmediate(platform.setImmediate(note('cleared')));
  while (agenda.step());
  expect(rung).toEqual(['immediate at 0', 'timeout at 50']);
});

it('rings nothing while its process is stopped', () => {
  const { agenda, process, platform, rung, note } = scene();
  process.pause.shut(100);
  platform.setTimeout(note('early'), 10);
  platform.clearTimeout(platform.setTimeout(note('cleared'), 20));
  const held = platform.setTimeout(note('cleared while it was held'), 20);
  agenda.at(50, () => platform.clearTimeout(held));
  platform.setTimeout(note('late'), 150);
  while (agenda.step());
  expect(rung).toEqual(['early at 100', 'late at 150']);
});

it('has a clock that can jump ahead of its timers', () => {
  const { agenda, platform, rung, note } = scene();
  platform.setTimeout(note('timeout'), 50);
  platform.jump(1000);
  expect(platform.now()).toBe(1000);
  while (agenda.step());
  expect(rung).toEqual(['timeout at 50']);
  expect(platform.now()).toBe(1050);
});

it('throws the same dice for the same seed', () => {
  const throws = Array.from({ length: 2 }, () => {
    const { platform } = scene();
    return [platform.random(), ...platform.randomBytes(8)];
  });
  expect(throws[0]).toEqual(throws[1]);
  expect(throws[0]).toHaveLength(9);
});
