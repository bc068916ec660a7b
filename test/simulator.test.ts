import { describe, expect, test } from 'vitest';
import { differences, simulateAll } from '../cli/demo/check.ts';
import { chooseChain, demoPolicy } from '../cli/demo/policy.ts';
import { simulatedPolicy } from '../cli/simulated-policy.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import { simulateQuery } from '../learning/simulate.ts';
import { recordedPrices } from '../recorded/prices.ts';
import { createScorerRegistry } from '../scorers/index.ts';
import { askOf, inParallel, realSet, SYNTHETIC, useReplayWorld } from './support/replay-world.ts';

const CONCURRENCY = 20;

function servedEqualsSimulated(folder: string, count: number): void {
  const world = useReplayWorld({ folder });

  test(`${count} queries end as the simulator says, query by query`, async () => {
    const chain = chooseChain(world.set);
    const policy = demoPolicy(world.set, chain);
    await world.apply(policy);
    const queries = world.set.queries.slice(0, count);
    expect(queries).toHaveLength(count);

    const answers = await inParallel(queries, CONCURRENCY, (query) => world.client.ask(askOf(query)));
    const predicted = await simulateAll(world.set, policy, queries);

    // Outcome, stage, confidence, calls and cost.
    expect(answers.flatMap((answer, index) => differences(answer, predicted[index]!))).toEqual([]);
    const labels = answers.map(({ model }, index) => {
      const label = world.set.responses.get(model)?.get(queries[index]!.id)?.correct;
      return label === undefined ? null : label === 1;
    });
    expect(labels).toEqual(predicted.map(({ correct }) => correct));
    expect(labels).toContain(true);
    // Otherwise there would be little to compare.
    expect(new Set(predicted.map(({ calls }) => calls)).size).toBeGreaterThan(1);
    const cost = predicted.reduce((sum, query) => sum + query.cost, 0n);
    expect(world.replay.meter.billed()).toBe(cost);

    const { rows: classes } = await world.database.pool.query<{ spend_class: string; usd: string }>(
      'select spend_class, sum(cost_usd)::text as usd from attempt_spend group by 1',
    );
    const calls = predicted.flatMap(({ bought }) => bought);
    for (const { spend_class, usd } of classes) {
      const own = calls.filter(({ spendClass }) => spendClass === spend_class);
      expect(
        own.reduce((sum, call) => sum + call.cost, 0n),
        spend_class,
      ).toBe(parseUsd(usd));
    }
    expect(classes.length).toBeGreaterThan(1);
  });

  test('a limit on the cost of a query stops where the simulator says', async () => {
    const policy = demoPolicy(world.set, chooseChain(world.set));
    const open = simulatedPolicy(world.set, { ...policy, limits: { ...policy.limits, maxCostUsd: '1' } });
    const queries = world.set.queries.slice(count, count + 10);
    // As much as two calls of the first query can cost, and one picodollar less for the others' sake.
    const worst = open.worstCases!(queries[0]!).map((usd) => parseUsd(usd!));
    const limited = {
      ...policy,
      limits: { ...policy.limits, maxCostUsd: formatUsd(worst[0]! + worst[1]! - 1n) },
    };
    await world.apply(limited);
    const answers = await inParallel(queries, CONCURRENCY, (query) => world.client.ask(askOf(query)));
    const predicted = await simulateAll(world.set, limited, queries);
    expect(answers.flatMap((answer, index) => differences(answer, predicted[index]!))).toEqual([]);
    expect(predicted.map(({ outcome }) => outcome)).toContain('budget');
    await world.apply(policy);
  });

  test('a simulator of another policy says something else', async () => {
    const policy = demoPolicy(world.set, chooseChain(world.set));
    const query = world.set.queries[0]!;
    const patient = await simulateQuery(
      {
        ...policy,
        thresholds: policy.thresholds.map(() => 1),
        stages: policy.chain.map(({ model }) => ({ model, worstCaseUsd: null })),
        scorer: { ...policy.scorer, worstCaseUsd: '0' },
        score: createScorerRegistry().create(policy.scorer),
        prices: policy.chain.map(({ model }) => recordedPrices(world.set.models[model]!)[0]),
      },
      query,
      (model) => world.set.responses.get(model)?.get(query.id),
    );
    const answer = await world.client.ask(askOf(query));
    expect(differences(answer, patient)).not.toEqual([]);
  });
}

describe('the synthetic set', () => {
  servedEqualsSimulated(SYNTHETIC, 60);
});

const gsm8k = realSet('gsm8k');
describe.skipIf(gsm8k === null)('real responses to gsm8k', () => {
  servedEqualsSimulated(gsm8k ?? '', 40);
});
