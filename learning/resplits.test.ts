import { expect, test } from 'vitest';
import { MADE_ANSWER, madeSet } from '../test/support/made-set.ts';
import { toDataset } from './dataset.ts';
import { NoPolicy } from './learn.ts';
import { resplit } from './resplits.ts';

const models = { small: { usdPerMtok: 0.1, accuracy: 0.8 }, large: { usdPerMtok: 10, accuracy: 0.95 } };
const OPTIONS = { seed: 1, include: [] };

test('a half that gives no policy is counted, and takes nothing from the others', () => {
  // About half of the halves have the 50 queries that it takes.
  const { dataset } = toDataset(madeSet(models, { queries: 100 }), MADE_ANSWER);
  const told: boolean[] = [];
  const summary = resplit(
    dataset.queries,
    () => dataset,
    { type: 'budget', share: 1 },
    OPTIONS,
    6,
    (_, result) => told.push(result instanceof NoPolicy),
  );
  expect(summary.failed.length).toBeGreaterThan(0);
  expect(summary.each.length).toBeGreaterThan(1);
  expect(summary.splits).toBe(6);
  expect(summary.failed.map(({ split }) => split)).toEqual(
    told.flatMap((isNone, at) => (isNone ? [at + 1] : [])),
  );
  expect(summary.failed[0]!.why).toMatch(/labelled queries are too few/);

  const values = summary.each.map(({ accuracy_difference }) => accuracy_difference);
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const error = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1) / n);
  const [low, high] = summary.accuracy_interval;
  expect((low + high) / 2).toBeCloseTo(summary.accuracy_difference, 12);
  // By Student's table, of one to four degrees of freedom.
  expect((high - low) / 2 / error).toBeCloseTo([12.706, 4.303, 3.182, 2.776][n - 2]!, 2);
});

test('where no half gives one, the first says why', () => {
  const { dataset } = toDataset(madeSet(models, { queries: 120 }), MADE_ANSWER);
  expect(() =>
    resplit(
      dataset.queries,
      () => dataset,
      { type: 'budget', share: 0.0001 },
      OPTIONS,
      2,
      () => undefined,
    ),
  ).toThrow(/^none of 2 halves gave a policy; of the first: no policy is sure to stay within 0.0%/);
});
