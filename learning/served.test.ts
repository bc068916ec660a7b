import { describe, expect, test } from 'vitest';
import { extractAnswer, type AnswerSpec } from '../core/answer.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import { pinnedRule, thresholdsOf, type StopRule } from '../core/stop-rule.ts';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedQuery } from '../recorded/format.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { learnedScore } from '../scorers/learned/score.ts';
import { LADDER, MADE_ANSWER, madeSet } from '../test/support/made-set.ts';
import { servedJudge } from './cross-fit.ts';
import { toDataset, type Dataset } from './dataset.ts';
import { figuresOf } from './figures.ts';
import { fitScorers, type Fitted } from './learn.ts';
import { outcomesAt } from './outcomes-at.ts';
import { policyFigures } from './policy-figures.ts';
import { responseToScore } from './scored-response.ts';
import { simulateQuery, type SimulatedPolicy } from './simulate.ts';
import type { Judge } from './sets.ts';
import { halvesOf } from './split.ts';
import { Tables } from './tables.ts';

// One in five responses holds no answer, and is labelled like the others: so what is served then shows.
const set = madeSet(LADDER, { queries: 160, silent: 0.2 });
const { train, test: held } = halvesOf(set.queries);

interface World {
  readonly data: Dataset;
  readonly fitted: Fitted;
  readonly judge: Judge;
}

function worldOf(answer: AnswerSpec): World {
  const { dataset } = toDataset(set, answer);
  const fit = fitScorers(dataset, train, { seed: 1, include: [] });
  return { data: dataset, fitted: fit, judge: servedJudge(dataset, fit.fit, held) };
}

const sums = worldOf(MADE_ANSWER);
const { data, fitted, judge } = sums;
/** The same responses where no two are the same answer. */
const open = worldOf({ from: 'open' });

function policyOf(
  of: RecordedSet,
  { models, answer }: Dataset,
  { artifact, fit }: Fitted,
  chain: readonly number[],
  rule: StopRule | readonly number[],
): SimulatedPolicy {
  return {
    stages: chain.map((model) => ({ model: models[model]!, worstCaseUsd: null })),
    ...('type' in rule
      ? { thresholds: thresholdsOf(rule, chain.length), ...pinnedRule(rule) }
      : { thresholds: rule }),
    scorer: { scoresLastStage: true, worstCaseUsd: '0' },
    limits: { maxCostUsd: null, deadlineMs: null },
    modelAccuracy: chain.map((model) => fit.accuracy[model]!),
    answer,
    score: learnedScore(artifact),
    prices: chain.map((model) => recordedPrices(of.models[models[model]!]!)[0]),
  };
}

const CHAINS: readonly (readonly [chain: readonly number[], thresholds: readonly number[]])[] = [
  [[0], [0.5]],
  [[3], [0]],
  [
    [0, 3],
    [0.8, 0],
  ],
  [
    [1, 2, 3],
    [0.7, 0.9, 0.7],
  ],
  [
    [0, 1, 2, 3],
    [0.95, 0.9, 0.85, 0],
  ],
  [
    [0, 1, 2, 3],
    [0, 0, 0, 0],
  ],
  [
    [0, 1, 2, 3],
    [1, 1, 1, 1],
  ],
];

const run = (policy: SimulatedPolicy, query: RecordedQuery) =>
  simulateQuery(policy, query, (model) => set.responses.get(model)?.get(query.id));

/** The rule `value` with the chain's own steps, the slopes of their lines made so steep that they decide much: costs hardly differ here. */
function steepRule(chain: readonly number[], lambdaUsd: number, slope: number): StopRule {
  const { steps } = new Tables(data, held, () => judge).chain(chain);
  return {
    ...{ type: 'value', lambdaUsd },
    steps: steps.map(({ step }) => ({ ...step, spent: { ...step.spent!, slope } })),
  };
}

/** What learning and the state machine make of every held-out query. */
async function both(chain: readonly number[], rule: StopRule | readonly number[], world = sums) {
  const table = new Tables(world.data, held, () => world.judge).chain(chain);
  const policy = policyOf(set, world.data, world.fitted, chain, rule);
  const runs = [];
  for (const query of held) runs.push(await run(policy, world.data.queries[query]!));
  return { table, served: outcomesAt(table, rule), policy, runs };
}

function expectTheSame({ table, served, policy, runs }: Awaited<ReturnType<typeof both>>): void {
  for (const [at, simulated] of runs.entries()) {
    expect(simulated.calls).toBe(served.stops[at]! + 1);
    expect(simulated.correct).toBe(served.right[at] === 1);
    expect(Number(simulated.cost) * 1e-12).toBeCloseTo(served.costUsd[at]!, 12);
    expect(simulated.confidence).toBeCloseTo(served.confidence[at]!, 12);
    const speaks = table.stages[served.stops[at]!]!.served[at]!;
    expect(policy.stages[simulated.servedStage!]?.model).toBe(data.models[speaks]);
  }
}

describe.each(CHAINS)('the chain %j with thresholds %j', (chain, thresholds) => {
  test('does to every query in learning what the state machine does', async () => {
    expectTheSame(await both(chain, thresholds));
  });

  test('does the same to open-ended ones', async () => {
    expectTheSame(await both(chain, thresholds, open));
  });
});

describe.each([
  [[0, 3], 0.1, 1000],
  [[0, 1, 2, 3], 0.01, 1000],
  [[1, 2, 3], 0.03, 1000],
])('the chain %j with an answer worth $%d and prices that rise by %d times what is spent', (...of) => {
  test('does to every query in learning what the state machine does', async () => {
    expectTheSame(await both(of[0], steepRule(...of)));
  });
});

test('what was spent decides: the same chain at the thresholds of mean spend stops elsewhere', async () => {
  const chain = [0, 1, 2, 3];
  const rule = steepRule(chain, 0.01, 1000);
  const bySpend = await both(chain, rule);
  const byMean = await both(chain, thresholdsOf(rule, chain.length));
  const differ = bySpend.runs.filter(({ calls }, at) => calls !== byMean.runs[at]!.calls);
  expect(differ.length).toBeGreaterThan(held.length / 20);
});

test.each([
  ['thresholds', [0.7, 0.9, 0.7]],
  ['a rule', steepRule([1, 2, 3], 0.03, 1000)],
])('the figures of a policy with %s are the simulator’s', async (_what, rule) => {
  const { table, policy, runs } = await both([1, 2, 3], rule);
  const figures = figuresOf(data, held, table, rule, 3, () => judge);
  const simulated = policyFigures(policy, runs, [...table.spent[0]!], 1);
  expect(figures.accuracy).toBeCloseTo(simulated.accuracy.value, 12);
  expect(figures.cost_usd_per_query).toBeCloseTo(simulated.cost.value, 12);
  expect(figures.paid_twice_share).toBeCloseTo(simulated.paidTwice.value, 9);
  expect(figures.discarded_share).toBeCloseTo(simulated.discarded.value, 9);
  expect(figures.escalation).toEqual(simulated.escalation.map(({ reached }) => reached.value));
});

test.each([
  ['answers', sums],
  ['open-ended answers', open],
])(
  'the scorer of %s that is served gives what learning saw, for every set of responses',
  async (_what, world) => {
    const { data, fitted, judge } = world;
    const score = learnedScore(fitted.artifact);
    const context = {
      signal: new AbortController().signal,
      ask: () => Promise.reject(new Error('asked')),
      embed: () => Promise.reject(new Error('asked')),
    };
    const tables = new Tables(data, held, () => judge);
    for (const { chain, stages } of tables.chains([0, 1, 2, 3])) {
      for (const [at, query] of held.slice(0, 20).entries()) {
        const { id, task, messages } = data.queries[query]!;
        const responses = chain.map((model, stage) =>
          responseToScore(
            set.responses.get(data.models[model]!)!.get(id)!,
            stage,
            extractAnswer(set.responses.get(data.models[model]!)!.get(id)!.text, data.answer, stage),
          ),
        );
        const scores = await score({ task, messages, parameters: {} }, responses, context);
        const most = Math.max(0, ...scores.map(({ confidence }) => confidence));
        expect(Math.abs(most - stages.at(-1)!.confidence[at]!)).toBeLessThan(1e-12);
      }
    }
  },
);

test('a limit on a query’s cost is never broken, whatever was learned', async () => {
  const chain = [0, 1, 2, 3];
  const worst = chain.map((model) =>
    held.reduce((most, query) => Math.max(most, data.responses[model]![query]!.costUsd), 0),
  );
  const decimal = (usd: number) => formatUsd(BigInt(Math.ceil(usd * 1e12)));
  // Enough for the first three, not for the last: by a hair.
  const limit = decimal(worst.reduce((sum, usd) => sum + usd, 0) * 0.9);
  const policy: SimulatedPolicy = {
    ...policyOf(set, data, fitted, chain, [0.99, 0.99, 0.99, 0]),
    limits: { maxCostUsd: limit, deadlineMs: null },
    worstCases: () => worst.map(decimal),
  };
  const runs = [];
  for (const query of held) runs.push(await run(policy, data.queries[query]!));
  for (const { cost, calls } of runs) {
    expect(cost <= parseUsd(limit)).toBe(true);
    expect(calls).toBeLessThanOrEqual(3);
  }
  expect(runs.some(({ outcome }) => outcome === 'budget')).toBe(true);
});
