import { beforeAll, expect, test } from 'vitest';
import { createContext } from '../cli/context.ts';
import { planCostCommand, type PlanCostOptions } from '../cli/commands/plan-cost.ts';
import { NO_USAGE } from '../core/usage.ts';
import { observedTraffic } from '../ledger/observed-traffic.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { keepPrices } from '../ledger/prices.ts';
import { useDatabase } from './support/database.ts';
import { attempted, ended, servedBy, started, storedPolicy, usd } from './support/ledger.ts';
import { priceOf } from './support/policies.ts';

const database = useDatabase();
const TASK = 'triage';
const SMALL = priceOf('1', '2');
const LARGE = priceOf('50', '100');

/**
 * Four queries. Two stop at the first stage, one of them after a failed request; two go on, whose answers there are longer.
 * A judge looked at the first stage of three, for $0.001 each.
 */
beforeAll(async () => {
  const { pool } = database;
  await applyPolicies(pool, [storedPolicy(TASK)]);
  await keepPrices(pool, { provider: 'vendor', modelId: 'small-1' }, [SMALL]);
  await keepPrices(pool, { provider: 'vendor', modelId: 'large-1' }, [LARGE]);
  const usage = (inputTokens: number, outputTokens: number, cachedInputTokens = 0) => ({
    usage: { ...NO_USAGE, inputTokens, outputTokens, cachedInputTokens },
  });
  for (const [index, goesOn] of [false, false, true, true].entries()) {
    const query = await started(pool, TASK);
    const own = { task: TASK, model: 'small', priceId: SMALL.id };
    if (index === 1) await attempted(pool, query, own, { status: 'failed', usage: null });
    const first = await attempted(pool, query, own, usage(100, 10, 20));
    if (index !== 0) {
      await attempted(pool, query, { ...own, purpose: 'score' }, { cost: usd('0.001') });
    }
    const last = goesOn
      ? await attempted(
          pool,
          query,
          { ...own, stage: 1, model: 'large', modelId: 'large-1', priceId: LARGE.id },
          usage(100, index === 2 ? 20 : 40),
        )
      : first;
    await ended(pool, query, servedBy(last));
  }
  // A query that still runs says nothing of acceptance yet.
  const running = await started(pool, TASK);
  await attempted(pool, running, { task: TASK, priceId: SMALL.id }, usage(9_999, 9_999));
});

test('what the ledger saw', async () => {
  const observed = await observedTraffic(database.pool, { task: TASK, policyVersion: 1 });
  expect(observed).toMatchObject({ policyVersion: 1, queries: 4, scoringUsd: '0.001' });
  expect(observed.stages).toEqual([
    {
      stage: 0,
      model: 'small',
      reached: 4,
      stopped: 2,
      retries: 1,
      inputTokens: 100,
      outputTokens: 10,
      cachedTokens: 20,
      rates: SMALL.rates,
    },
    {
      stage: 1,
      model: 'large',
      reached: 2,
      stopped: 2,
      retries: 0,
      inputTokens: 100,
      outputTokens: 30,
      cachedTokens: 0,
      rates: LARGE.rates,
    },
  ]);
});

async function planned(options: Partial<PlanCostOptions>): Promise<unknown> {
  const said: string[] = [];
  await planCostCommand(
    {
      ...createContext({ DATABASE_URL: database.url }, true, new AbortController().signal),
      out: (text) => void said.push(text),
    },
    { model: [], fromLedger: TASK, ...options },
  );
  return JSON.parse(said.join('\n'));
}

test('a plan of what the ledger saw', async () => {
  expect(await planned({ requests: 1_000_000 })).toMatchObject({
    assumptions: {
      requests: 1_000_000,
      input_tokens: 100,
      output_tokens: 10,
      cached_share: 0.2,
      // One in the six calls of four first and two second stages.
      retry_rate: 1 / 6,
      escalated_length: 3,
      scorer_usd: '0.001',
    },
    stages: [
      // 100 × $1 + 10 × $2 per million, 7/6 times for retries (shares are kept to a billionth); judged.
      { model: 'small', acceptance: 0.5, reached: 1, cost_usd: '140.00000004', scoring_usd: '1000' },
      // 100 × $50 + 30 × $100 per million for half of the queries.
      { model: 'large', acceptance: 1, reached: 0.5, cost_usd: '4666.666664' },
    ],
  });
});

test('what the command line gives wins', async () => {
  expect(
    await planned({ requests: 1000, retries: 0, scorerUsd: '0', length: 1, model: ['large=10/20'] }),
  ).toMatchObject({
    stages: [
      { model: 'small', cost_usd: '0.12', scoring_usd: '0' },
      { model: 'large', cost_usd: '0.6' },
    ],
  });
});

test.each([
  [{ fromLedger: 'triaje' }, /--from-ledger triaje: no such task; there are: triage/],
  [{ since: '2999-01-01' }, /no ended query of the task’s current policy in this range/],
  [{ since: 'yesterday' }, /--since yesterday: expected a date/],
])('%j is one line that says what is wrong', async (options, message) => {
  await expect(planned(options)).rejects.toThrow(message);
});
