import { describe, expect, it } from 'vitest';
import { Agenda } from '../../src/testing/agenda.js';
import { Gate } from '../../src/testing/gate.js';

function scene() {
  const agenda = new Agenda();
  const gate = new Gate(agenda);
  const passed: string[] = [];
  const come = (name: string): void => {
    const run = (): void => {
      passed.push(`${name} at ${agenda.now}`);
    };
    if (!gate.holds(run)) run();
  };
  const all = (): string[] => {
    while (agenda.step());
    return passed;
  };
  return { agenda, gate, come, all, passed };
}

describe('a gate', () => {
  it('lets everything pass while it is open', () => {
    const { come, all } = scene();
    come('a');
    expect(all()).toEqual(['a at 0']);
  });

  it('lets pass in order what waited, when its time has come', () => {
    const { agenda, gate, come, all } = scene();
    gate.shut(10);
    agenda.at(2, () => come('a'));
    agenda.at(5, () => come('b'));
    agenda.at(12, () => come('c'));
    expect(all()).toEqual(['a at 10', 'b at 10', 'c at 12']);
  });

  it('keeps those back that come in the very moment, until those before them have gone', () => {
    const { agenda, gate, come, all } = scene();
    agenda.at(10, () => come('late'));
    gate.shut(10);
    come('early');
    expect(all()).toEqual(['early at 10', 'late at 10']);
  });

  it('stays shut until it is opened, or longer when it is shut again', () => {
    const { agenda, gate, come, all } = scene();
    gate.shut(Number.POSITIVE_INFINITY);
    come('a');
    expect(all()).toEqual([]);
    agenda.at(30, () => gate.open());
    expect(all()).toEqual(['a at 30']);
    gate.shut(40);
    come('b');
    agenda.at(35, () => gate.shut(50));
    expect(all()).toEqual(['a at 30', 'b at 50']);
  });

  it('shut by one that passes, it keeps those that follow', () => {
    const { agenda, gate, come, all } = scene();
    gate.shut(10);
    gate.holds(() => gate.shut(20));
    come('a');
    expect(all()).toEqual(['a at 20']);
    expect(agenda.now).toBe(20);
  });
});
