import { expect, test } from 'vitest';
import { fewestKills, KILL_KINDS, planKills } from './kill-plan.ts';

function kindsOf(seed: number, kills: number): string[] {
  const { own, outside } = planKills(seed, kills);
  return [...own.map(({ point }) => point), ...outside.map(({ blow }) => blow)];
}

test('a plan is its seed’s: the same again, another for another seed', () => {
  expect(planKills(7, 100)).toEqual(planKills(7, 100));
  expect(planKills(7, 100)).not.toEqual(planKills(8, 100));
});

test('it has as many kills as were asked for, and every kind among them from the fewest on', () => {
  for (const seed of [1, 2, 3]) {
    for (const kills of [fewestKills(), fewestKills() + 1, 20, 50, 200]) {
      expect(kindsOf(seed, kills)).toHaveLength(kills);
      expect(new Set(kindsOf(seed, kills))).toEqual(new Set(KILL_KINDS));
    }
  }
});
