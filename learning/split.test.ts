import { describe, expect, test } from 'vitest';
import type { RecordedQuery } from '../recorded/format.ts';
import { foldsOf, groupOf, halvesByHash, halvesOf, placeOf } from './split.ts';

const query = (id: string, content: string, rest: Partial<RecordedQuery> = {}): RecordedQuery => ({
  id,
  task: 't',
  messages: [{ role: 'user', content }],
  ...rest,
});

/** Every question twice, in other case and spacing; every third conversation has three turns. */
const queries = Array.from({ length: 60 }, (_, at) => [
  query(`a${at}`, `What is  ${at} plus one?`),
  query(`b${at}`, `what is ${at}\nPLUS one? `),
  query(`c${at}`, `turn ${at}`, { group: `talk ${Math.floor(at / 3)}` }),
]).flat();

test('duplicates and conversations are on one side of every split', () => {
  const halves = halvesByHash(queries, 'salt');
  const folds = foldsOf(queries, 5, 'salt');
  const inTrain = new Set(halves.train);
  const sides = new Map<string, Set<string>>();
  for (const [at, one] of queries.entries()) {
    const side = `${inTrain.has(at)} ${folds[at]}`;
    sides.set(groupOf(one), (sides.get(groupOf(one)) ?? new Set()).add(side));
  }
  expect(sides.size).toBe(80);
  for (const of of sides.values()) expect(of.size).toBe(1);
  expect([...halves.train, ...halves.test].sort((a, b) => a - b)).toEqual([...queries.keys()]);
  expect(halves.train.length).toBeGreaterThan(60);
  expect(halves.test.length).toBeGreaterThan(60);
  expect(new Set(folds)).toEqual(new Set([0, 1, 2, 3, 4]));
});

describe('a set’s own split', () => {
  test('holds, but what stands in both halves is learned from', () => {
    const own = [
      query('1', 'One?', { split: 'train' }),
      query('2', ' one? ', { split: 'test' }),
      query('3', 'Two?', { split: 'test' }),
      query('4', 'Three?', { split: 'train', group: 'g' }),
      query('5', 'Four?', { split: 'test', group: 'g' }),
    ];
    expect(halvesOf(own)).toEqual({ train: [0, 1, 3, 4], test: [2], straddling: 2 });
  });

  test('holds for those that have one; the others go by their group, else by hash', () => {
    const own = [
      ...Array.from({ length: 30 }, (_, at) => query(`own${at}`, `own ${at}`, { split: 'test' })),
      query('x', 'OWN 1'),
    ];
    const some = [...own, ...queries];
    const byHash = halvesByHash(some, 'halves');
    const { train, test: held } = halvesOf(some);
    expect(train).toEqual(byHash.train.filter((at) => at >= own.length));
    expect(held).toEqual([...some.keys()].filter((at) => at < own.length || byHash.test.includes(at)));
  });

  test('is the same for a query whatever else is left out', () => {
    const all = queries.map((one, at): RecordedQuery => {
      return at % 3 === 0 ? { ...one, split: at % 2 === 0 ? 'train' : 'test' } : one;
    });
    const whole = new Set(halvesOf(all).train.map((at) => all[at]!.id));
    const kept = all.filter((_, at) => at % 3 !== 0 || at % 5 === 0);
    const { train } = halvesOf(kept, all);
    expect(train.map((at) => kept[at]!.id)).toEqual(kept.map(({ id }) => id).filter((id) => whole.has(id)));
  });
});

test('a place is the same whatever else is in the set, and another for another salt', () => {
  expect(placeOf('a', 's')).toBe(placeOf('a', 's'));
  expect(placeOf('a', 's')).not.toBe(placeOf('a', 't'));
  const places = Array.from({ length: 1000 }, (_, at) => placeOf(String(at), 's'));
  expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...places)).toBeLessThan(1);
  expect(places.reduce((sum, place) => sum + place, 0) / 1000).toBeCloseTo(0.5, 1);
});
