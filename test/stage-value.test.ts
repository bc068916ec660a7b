import { describe, expect, test } from 'vitest';
import { chooseChain, demoPolicy } from '../cli/demo/policy.ts';
import { simulateAll } from '../cli/demo/check.ts';
import { simulatedPolicy } from '../cli/simulated-policy.ts';
import { baselineBounds } from '../core/baseline.ts';
import { costOf } from '../core/price.ts';
import { stageValues } from '../learning/stage-value.ts';
import { recordedPrices } from '../recorded/prices.ts';
import { readRecordedSet } from '../recorded/read.ts';
import { recordedUsage } from '../recorded/usage.ts';
import { realSet } from './support/replay-world.ts';

/** Where always calling the last model is estimated from the queries that escalated, the estimate is too high by this. */
const DEARER = { gsm8k: 1.1, crux: 1.2 };

describe.each(['gsm8k', 'crux'] as const)('real responses to %s', (name) => {
  const folder = realSet(name);

  test.skipIf(folder === null)('bounds hold what an average would miss', async () => {
    const set = await readRecordedSet(folder!);
    const chain = chooseChain(set);
    const policy = demoPolicy(set, chain);
    const last = chain.at(-1)!;
    const [price] = recordedPrices(set.models[last]!);
    const cost = (id: string) => costOf(recordedUsage(set.responses.get(last)!.get(id)!), price.rates);
    const runs = await simulateAll(set, policy, set.queries);
    const sum = (ids: readonly string[]) => ids.reduce((total, id) => total + cost(id), 0n);
    const reached = runs.filter(({ calls }) => calls === chain.length).map(({ id }) => id);
    const stopped = runs.filter(({ calls }) => calls < chain.length).map(({ id }) => id);
    expect(Math.min(reached.length, stopped.length)).toBeGreaterThan(30);
    const truth = sum([...reached, ...stopped]);

    const firstResponses = stopped.map((id) => set.responses.get(chain[0]!)!.get(id)!);
    const { low, high } = baselineBounds(
      {
        ...{ day: '2026-11-01', inputOver: 0, inputUpTo: 32_000, queries: stopped.length },
        inputTokens: BigInt(firstResponses.reduce((total, { input_tokens }) => total + input_tokens, 0)),
      },
      [price],
      4096,
    );
    expect(sum(reached) + low).toBeLessThanOrEqual(truth);
    expect(sum(reached) + high!).toBeGreaterThanOrEqual(truth);
    const average = (Number(sum(reached)) / reached.length) * runs.length;
    expect(average / Number(truth)).toBeGreaterThan(DEARER[name] - 0.05);
  });
});

const gsm8k = realSet('gsm8k');
test.skipIf(gsm8k === null)(
  'on gsm8k most queries escalate, and the cascade costs more without its first stage',
  async () => {
    const set = await readRecordedSet(gsm8k!);
    const policy = demoPolicy(set, chooseChain(set));
    const queries = set.queries.filter(({ split }) => split === 'test');
    const values = await stageValues(
      simulatedPolicy(set, policy),
      queries,
      (model, id) => set.responses.get(model)?.get(id),
      0.01,
    );
    const [first] = values;
    // With the rule "the first two agree" nothing stops at the first stage: its whole worth is its vote.
    expect(first!.book.stopped).toBeLessThan(0.2);
    expect(first!.book.verdict).toBe('below');
    expect(first!.cost.high).toBeLessThan(0);
    expect(['vote-pays', 'trade', 'cannot-tell']).toContain(first!.verdict.type);
  },
);
