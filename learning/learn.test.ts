import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../core/canonical-json.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { LADDER, MADE_ANSWER, madeSet, permuteLabels, type MadeModel } from '../test/support/made-set.ts';
import { toDataset } from './dataset.ts';
import { fitScorers, learnPolicy, measure, type Goal } from './learn.ts';
import { outcomesAt } from './outcomes-at.ts';
import { halvesOf } from './split.ts';

const OPTIONS = { seed: 1, include: [] };

function fittedOn(set: RecordedSet, options: { seed: number; include: readonly string[] } = OPTIONS) {
  const { dataset } = toDataset(set, MADE_ANSWER);
  const { train, test: held } = halvesOf(dataset.queries);
  const fitted = fitScorers(dataset, train, options);
  return { dataset, train, held, fitted, learn: (goal: Goal) => learnPolicy(dataset, fitted, goal, options) };
}

const ladder = madeSet(LADDER, { queries: 200 });
const learned = fittedOn(ladder);
const HALF: Goal = { type: 'budget', share: 0.5 };

describe('a policy', () => {
  const written = ({ learn, fitted }: typeof learned) =>
    canonicalJson({ policy: learn(HALF).policy, artifact: fitted.artifact });

  test('is the same, byte for byte, for the same input, whatever the labels that are held out', () => {
    const ids = learned.held.map((query) => learned.dataset.queries[query]!.id);
    const permuted = permuteLabels(ladder, ids, 7);
    const again = fittedOn(permuted);
    expect(written(again)).toBe(written(learned));
    const { policy } = learned.learn(HALF);
    const figures = measure(learned.dataset, learned.fitted, policy, learned.held);
    expect(measure(again.dataset, again.fitted, policy, again.held).auroc).not.toBe(figures.auroc);
  });

  test.each([0.05, 0.3, 1, 1.5])('stays within a budget of %d on the selection data', (share) => {
    const { policy, pick, best, compared } = learned.learn({ type: 'budget', share });
    expect(policy.promised.costShare).toBeLessThanOrEqual(share);
    expect(pick.costUsd).toBeLessThanOrEqual(best.costUsd);
    expect(pick.accuracy).toBeLessThanOrEqual(best.accuracy);
    expect(compared).toBeGreaterThan(100);
    // What the rule's thresholds do is what the search had promised of it.
    const { costUsd } = outcomesAt(pick.table, policy.rule);
    const mean = costUsd.reduce((sum, cost) => sum + cost, 0) / costUsd.length;
    expect(mean).toBeCloseTo(policy.promised.costUsdPerQuery, 12);
  });

  test('that nothing pays for is refused with what would', () => {
    expect(() => learned.learn({ type: 'budget', share: 0.001 })).toThrow(
      /no policy is sure to stay within 0\.1% of the reference's cost: the cheapest model alone costs \d/,
    );
    expect(() => learned.learn({ type: 'accuracy', target: 1 })).toThrow(
      'lower --target-accuracy, or add models',
    );
  });
});

describe('where no cascade is better', () => {
  const pairOf = (small: MadeModel, large: MadeModel, doubt: number) =>
    fittedOn(madeSet({ small, large }, { queries: 160, doubt, shared: 1, silent: 0 }));

  test('a cheap model that is as good as the dear one is recommended alone', () => {
    const same = pairOf({ usdPerMtok: 0.1, accuracy: 0.9 }, { usdPerMtok: 10, accuracy: 0.9 }, 0.05);
    // The cheap one is then the reference, so all of its cost is what a budget must allow.
    for (const goal of [
      { type: 'budget', share: 1 },
      { type: 'accuracy', target: 'best' },
    ] as const)
      expect(same.learn(goal).policy).toMatchObject({ chain: ['small'], reference: 'small' });
  });

  test('the reference alone is what is as accurate as itself', () => {
    const apart = pairOf({ usdPerMtok: 9, accuracy: 0.3 }, { usdPerMtok: 10, accuracy: 0.99 }, 0.05);
    expect(apart.learn({ type: 'accuracy', target: 'best' }).policy).toMatchObject({
      chain: ['large'],
      reference: 'large',
      promised: { costShare: 1 },
    });
  });
});

describe('what cannot be learned from', () => {
  const hidden = { ...LADDER.large, hidden: true };

  test('is named: too few queries, too few groups, models that nobody can price or knows', () => {
    expect(() => fittedOn(madeSet(LADDER, { queries: 60 }))).toThrow('30 labelled queries are too few');
    const talk = {
      ...ladder,
      queries: ladder.queries.map((query, at) => ({ ...query, group: `talk ${at % 2}` })),
    };
    expect(() => fittedOn(talk)).toThrow(/too few to fold/);
    const all = madeSet({ small: hidden, large: hidden }, { queries: 120 });
    expect(() => fittedOn(all)).toThrow('every model is marked hidden_reasoning_tokens');
    expect(() => fittedOn(ladder, { seed: 1, include: ['larg'] })).toThrow(
      '--include: there is no model "larg"; there are tiny, small, medium, large',
    );
  });

  test('a marked model is in no chain, is no reference and no advice, until it is included', () => {
    const set = madeSet(
      { free: { ...hidden, usdPerMtok: 0.001 }, small: LADDER.small, large: LADDER.large },
      { queries: 120 },
    );
    const { fitted, learn } = fittedOn(set);
    expect(fitted.pool).toEqual([1, 2]);
    expect(() => learn({ type: 'budget', share: 0.01 })).toThrow('the cheapest model alone costs 3.0%');
    expect(fittedOn(set, { seed: 1, include: ['free'] }).fitted.pool).toContain(0);
  });
});

describe('models that cost nothing', () => {
  const free = { a: { usdPerMtok: 0, accuracy: 0.7 }, b: { usdPerMtok: 0, accuracy: 0.8 } };

  test('can be learned with beside others', () => {
    const { learn } = fittedOn(madeSet({ ...free, large: LADDER.large }, { queries: 120 }));
    expect(learn(HALF).policy.chain.length).toBeGreaterThan(0);
  });

  test('cost all of what a free reference does', () => {
    const { dataset, held, fitted, learn } = fittedOn(madeSet(free, { queries: 120 }));
    const { policy } = learn(HALF);
    expect(policy.promised).toMatchObject({ costUsdPerQuery: 0, costShare: 1 });
    const { cost_share, paid_twice_share, spend_by_stage } = measure(dataset, fitted, policy, held);
    expect({ cost_share, paid_twice_share }).toEqual({ cost_share: 1, paid_twice_share: 0 });
    for (const { served, agreed, discarded } of spend_by_stage)
      expect([served, agreed, discarded]).toEqual([0, 0, 0]);
  });
});
