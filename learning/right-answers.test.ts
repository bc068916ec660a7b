import { describe, expect, test } from 'vitest';
import { LADDER, MADE_ANSWER, madeSet } from '../test/support/made-set.ts';
import { probabilities } from '../scorers/learned/posterior.ts';
import { servedJudge } from './cross-fit.ts';
import { toDataset } from './dataset.ts';
import { votesOf } from './fit-posterior.ts';
import { fitScorers, learnPolicy, measure } from './learn.ts';
import { areExclusive, rightAnswers } from './right-answers.ts';
import { halvesOf } from './split.ts';

const OPTIONS = { seed: 1, include: [] };
const set = madeSet(LADDER, { queries: 300, silent: 0, doubt: 0.9 });
const sums = toDataset(set, MADE_ANSWER).dataset;
/** The same, where no two texts are taken for the same answer. */
const open = toDataset(set, { from: 'open' }).dataset;

describe('right answers', () => {
  test('are counted by pairs', () => {
    const queries = [0, 1, 2, 3, 4, 5, 6, 7];
    const right = queries.map(
      (query) => sums.responses.filter((ofModel) => ofModel[query]!.correct === 1).length,
    );
    const pairs = right.reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
    expect(pairs).toBeGreaterThan(0);
    expect(rightAnswers(sums, queries)).toEqual({ pairs, differing: 0, share: 0 });
    expect(rightAnswers(open, queries)).toEqual({ pairs, differing: pairs, share: 1 });
    expect(rightAnswers(open, [])).toEqual({ pairs: 0, differing: 0, share: 0 });
  });

  test('of a set are exclusive where they hardly ever differ', () => {
    expect(areExclusive({ pairs: 1000, differing: 20, share: 0.02 })).toBe(true);
    expect(areExclusive({ pairs: 1000, differing: 21, share: 0.021 })).toBe(false);
  });
});

describe('where several answers may be right', () => {
  const { train, test: held } = halvesOf(open.queries);
  const fitted = fitScorers(open, train, OPTIONS);

  test('each has the probability that it is, whatever the others have', () => {
    expect(fitted.fit.posterior.exclusive).toBe(false);
    expect(fitScorers(sums, train, OPTIONS).fit.posterior.exclusive).toBe(true);
    const judge = servedJudge(open, fitted.fit, held);
    const chain = open.models.map((_, model) => model);
    const mean = chain.map(() => 0);
    for (const query of held) {
      const { votes, spokesmen } = votesOf(open, judge.own, query, chain, judge.accuracy);
      const p = probabilities(judge.posterior, votes, spokesmen.length);
      for (const [candidate, model] of spokesmen.entries()) mean[model]! += p[candidate + 1]! / held.length;
    }
    for (const model of chain) {
      const right = held.filter((query) => open.responses[model]![query]!.correct === 1).length;
      expect(Math.abs(mean[model]! - right / held.length)).toBeLessThan(0.08);
    }
  });

  test('an answer that was escalated for can be served', () => {
    const { policy } = learnPolicy(open, fitted, { type: 'budget', share: 0.6 }, OPTIONS);
    const { spend_by_stage, accuracy } = measure(open, fitted, policy, held);
    expect(policy.chain.length).toBeGreaterThan(1);
    expect(spend_by_stage.at(-1)!.served).toBeGreaterThan(0);
    expect(Math.abs(accuracy - policy.promised.accuracy)).toBeLessThan(0.08);
  });
});
