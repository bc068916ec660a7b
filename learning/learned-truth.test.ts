import { describe, expect, test } from 'vitest';
import { MADE_ANSWER, madeSet } from '../test/support/made-set.ts';
import { servedJudge } from './cross-fit.ts';
import { toDataset } from './dataset.ts';
import { certifyManyTimes } from './guarantee/known-truth.ts';
import type { PathOutcomes } from './guarantee/outcomes.ts';
import { freeze } from './learn-certified.ts';
import { outcomesAt } from './outcomes-at.ts';
import { Tables } from './tables.ts';

const SAMPLES = 300;
/** Of 300 that each fail with probability 0.1, more fail with a probability below 0.01 (exact binomial). */
const MOST_VIOLATIONS = 43;

describe('a learned path whose truth is known: half of a set is the population', () => {
  const PAIR = { small: { usdPerMtok: 0.1, accuracy: 0.8 }, large: { usdPerMtok: 10, accuracy: 0.95 } };
  const { dataset } = toDataset(
    madeSet(PAIR, { queries: 1200, seed: 5, doubt: 0.8, shared: 0.8 }),
    MADE_ANSWER,
  );
  const half = (rest: number) => [...dataset.queries.keys()].filter((at) => at % 2 === rest);
  const population = half(1);

  test.each([
    ['regret', 0.02],
    ['harm', 0.04],
    ['selective', 0.07],
  ] as const)('certificates of %s ≤ %d hold, come, and save', (loss, alpha) => {
    const claim = { loss, alpha, delta: 0.1, baseline: 'large' };
    const { fitted, chain, rules, test: frozen } = freeze(dataset, half(0), claim, { seed: 1, include: [] });
    const judge = servedJudge(dataset, fitted.fit, population);
    const table = new Tables(dataset, population, () => judge).chain(chain);
    const alone = population.map((query) => dataset.responses[1]![query]!);
    const baselineRight = alone.map(({ correct }) => correct === 1);
    const outcomes: PathOutcomes = {
      ids: population.map((query) => dataset.queries[query]!.id),
      baselineRight,
      points: frozen.parameters.map((parameter, at) => {
        if (parameter === null) {
          const accepted = alone.map(() => false);
          return { parameter, right: baselineRight, accepted, costUsd: alone.map(({ costUsd }) => costUsd) };
        }
        const { right, stops, costUsd } = outcomesAt(table, rules[at - 1]!);
        return {
          parameter,
          right: Array.from(right, (label) => label === 1),
          accepted: Array.from(stops, (stop) => stop < chain.length - 1),
          costUsd: [...costUsd],
        };
      }),
    };
    const { tested } = certifyManyTimes(frozen, outcomes, {
      n: 250,
      samples: SAMPLES,
      level: 0.1,
      seed: 1,
    });
    expect(tested.violations).toBeLessThanOrEqual(MOST_VIOLATIONS);
    expect(tested.others / SAMPLES).toBeGreaterThan(0.5);
    expect(tested.costShare).toBeLessThan(0.9);
  });
});
