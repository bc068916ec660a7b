import { describe, expect, test } from 'vitest';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import { stageValues, type StageValue } from './stage-value.ts';
import type { SimulatedPolicy } from './simulate.ts';

const CHAIN = ['small', 'medium', 'large'];
/** Of a call of a thousand tokens: $0.001, $0.01 and $0.1. */
const prices = [1, 10, 100].map(
  (usdPerMtok) =>
    recordedPrices({ provider: 'vendor', input_usd_per_mtok: usdPerMtok, output_usd_per_mtok: 0 })[0],
);

/** Asks all and serves the answer of the greatest confidence. */
const policy: SimulatedPolicy = {
  stages: CHAIN.map((model) => ({ model, worstCaseUsd: null })),
  thresholds: [1, 1, 1],
  scorer: { scoresLastStage: true, worstCaseUsd: '0' },
  limits: { maxCostUsd: null, deadlineMs: null },
  answer: { from: 'number' },
  score: (_query, responses) =>
    responses.map(({ answer }) => ({ answer: answer!, confidence: Number(answer) / 10 })),
  prices,
};

/** @param says what a model answers to a query; the answer 9 is right. */
function valuesOf(
  change: Partial<SimulatedPolicy>,
  says: (model: string, query: number) => number,
  queries = 20,
): Promise<StageValue[]> {
  const response = (model: string, id: string): RecordedResponse => {
    const answer = says(model, Number(id));
    return {
      ...{ id, model, text: `${answer}`, correct: answer === 9 ? 1 : 0 },
      ...{ input_tokens: 1000, output_tokens: 1 },
    };
  };
  return stageValues({ ...policy, ...change }, queriesUpTo(queries), response, 0.01);
}

function queriesUpTo(count: number): RecordedQuery[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ id: String(at), task: 'sums' },
    messages: [{ role: 'user', content: `question ${at}` }],
  }));
}

describe('the policy without a stage', () => {
  test('has the limits of the models that are left', async () => {
    // The large model does not fit, in whichever place: with the bounds of small and medium it would.
    const worstCases = () => ['0.001', '0.01', '0.1'] as const;
    const limits = { maxCostUsd: '0.05' as const, deadlineMs: null };
    const [first, , last] = await valuesOf({ limits, worstCases }, (model) => (model === 'large' ? 9 : 1));
    expect(first!.accuracy).toMatchObject({ mean: 0, better: 0, worse: 0 });
    expect(last!.cost.mean).toBe(0);
  });

  test('lets the most accurate of the models that are left speak', async () => {
    // All give one answer; which text is served goes by the models' accuracy, and labels are of texts.
    const modelAccuracy = [0.1, 0.9, 0.2];
    const right = { small: 0, medium: 1, large: 0 } as Record<string, 0 | 1>;
    const values = await stageValues(
      { ...policy, modelAccuracy },
      queriesUpTo(20),
      (model, id) => ({ id, model, text: '5', correct: right[model]!, input_tokens: 1000, output_tokens: 1 }),
      0.01,
    );
    expect(values.map(({ accuracy }) => accuracy.mean)).toEqual([0, 1, 0]);
  });
});

describe('the verdict on a stage', () => {
  test('is left open by a few queries in which no answer differs', async () => {
    const says = (model: string, query: number): number => (model === 'large' || query % 2 === 0 ? 9 : 1);
    const [, second] = await valuesOf({}, says, 60);
    expect(second!.cost.low).toBeGreaterThan(0);
    expect(second!.accuracy).toMatchObject({ mean: 0, better: 0, worse: 0 });
    expect(second!.verdict).toEqual({ type: 'cannot-tell', more: 321 });
    const [, shown] = await valuesOf({}, says, 381);
    expect(shown!.verdict).toEqual({ type: 'loses' });
  });
});
