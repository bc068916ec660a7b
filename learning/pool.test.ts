import { expect, test } from 'vitest';
import { MADE_ANSWER, madeSet } from '../test/support/made-set.ts';
import { toDataset, type Dataset } from './dataset.ts';
import { modelsOn, poolOf } from './pool.ts';

const QUERIES = [...Array(100).keys()];

/** Models with these labels, in ascending order of cost. */
function labelled(...labels: readonly (readonly number[])[]): Dataset {
  const models = Object.fromEntries(labels.map((_, at) => [`m${at}`, { usdPerMtok: at + 1, accuracy: 0.5 }]));
  const { dataset } = toDataset(madeSet(models, { queries: QUERIES.length }), MADE_ANSWER);
  return {
    ...dataset,
    responses: dataset.responses.map((ofModel, model) =>
      ofModel.map((response, query) => ({ ...response, correct: labels[model]![query] === 1 ? 1 : 0 })),
    ),
  };
}

const rightOn = (isRight: (query: number) => boolean) => QUERIES.map((query) => (isRight(query) ? 1 : 0));
const pool = (...labels: readonly (readonly number[])[]) => {
  const data = labelled(...labels);
  return poolOf(data, QUERIES, modelsOn(data, QUERIES));
};

test('a dearer model that is worse by more than a standard error is not in the pool', () => {
  // Worse on ten queries, better on none: a difference of 0.1 with a standard error of 0.03.
  expect(
    pool(
      rightOn((query) => query < 80),
      rightOn((query) => query < 70),
    ),
  ).toEqual([0]);
});

test('one that is worse by what a sample cannot tell stays, and so does a cheaper or a better one', () => {
  // Better on 29 and worse on 30 others: a difference of 0.01 with a standard error of 0.08.
  const first = rightOn((query) => query < 60);
  expect(
    pool(
      first,
      rightOn((query) => query >= 30 && query < 89),
    ),
  ).toEqual([0, 1]);
  expect(
    pool(
      rightOn((query) => query < 10),
      first,
    ),
  ).toEqual([0, 1]);
  expect(pool(first, first)).toEqual([0, 1]);
});

test('it goes all the same when three are better by as little', () => {
  const shifted = (by: number, until: number) => rightOn((query) => query >= by && query < until);
  expect(pool(shifted(0, 60), shifted(20, 80), shifted(40, 100), shifted(11, 70))).toEqual([0, 1, 2]);
});
