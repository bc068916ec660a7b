import { describe, expect, test } from 'vitest';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import { createScorerRegistry } from '../scorers/index.ts';
import { evaluate, type Evaluation, type EvaluationInput } from './evaluate.ts';
import type { SimulatedPolicy } from './simulate.ts';

const price = (usdPerMtok: number) =>
  recordedPrices({ provider: 'vendor', input_usd_per_mtok: usdPerMtok, output_usd_per_mtok: 0 })[0];
// A call of a thousand tokens: $0.001 and $0.01.
const models = [
  { model: 'small', price: price(1) },
  { model: 'large', price: price(10) },
];

const query = (id: string): RecordedQuery => ({
  id,
  task: 'sums',
  messages: [{ role: 'user', content: `question ${id}` }],
});
/** The answers of small and large, and which are right. */
const ANSWERS: Record<string, [string, 0 | 1, string, 0 | 1]> = {
  q1: ['1', 1, '1', 1],
  q2: ['2', 1, '2', 1],
  q3: ['3', 0, '4', 1],
  q4: ['5', 1, '6', 0],
};
const queries = [...Object.keys(ANSWERS).map(query), query('unlabelled')];

function response(model: string, id: string): RecordedResponse | undefined {
  const own = ANSWERS[id];
  if (own === undefined) return { id, model, text: '7', input_tokens: 1000, output_tokens: 1 };
  const [text, correct] = model === 'small' ? [own[0], own[1]] : [own[2], own[3]];
  return { id, model, text, correct, input_tokens: 1000, output_tokens: 1 };
}

/** Two equal answers of two: 2/3. Nothing stops at the first stage. */
const policy: SimulatedPolicy = {
  stages: models.map(({ model }) => ({ model, worstCaseUsd: null })),
  thresholds: [0.6, 0.6],
  scorer: { scoresLastStage: true, worstCaseUsd: '0' },
  limits: { maxCostUsd: null, deadlineMs: null },
  answer: { from: 'number' },
  score: createScorerRegistry().create({ name: 'agreement', options: {} }),
  prices: models.map((own) => own.price),
};

const input: EvaluationInput = { queries, train: [], response, models, seed: 1 };

describe('a policy on recorded responses', () => {
  test('costs, is right and buys twice what can be counted by hand', async () => {
    const { policy: figures, ...rest } = await evaluate(policy, input);
    expect(rest).toMatchObject({ queries: 4, leftOut: 1, modelsLeftOut: [], trainQueries: null });
    // q1 and q2 serve the small model's answer and pay for the large one's; q3 and q4 serve the large one's.
    expect(figures.totalUsd).toBe('0.044');
    expect(figures.cost.value).toBeCloseTo(0.011, 12);
    expect(figures.accuracy.value).toBe(0.75);
    expect(figures.dearerThanLast.value).toBe(1);
    expect(figures.escalation.map(({ reached, wentOn }) => [reached.value, wentOn.value])).toEqual([
      [1, 1],
      [1, 0],
    ]);
    expect(
      figures.spend.map(({ spendClass, responses, totalUsd }) => [spendClass, responses, totalUsd]),
    ).toEqual([
      ['accepted', 2, '0.002'],
      ['fallback', 2, '0.02'],
      ['corroborated', 2, '0.02'],
      ['discarded', 2, '0.002'],
    ]);
    expect(figures.paidTwice.value).toBeCloseTo(0.5, 12);
    expect(figures.discarded.value).toBeCloseTo(0.002 / 0.044, 12);
  });

  test('is compared with everything else that the models could do', async () => {
    const { comparisons } = await evaluate(policy, input);
    const found = comparisons.map(({ name, detail, accuracy, cost, accuracyDifference }) => [
      ...[name, detail, accuracy.value, Number(cost.value.toFixed(6)), accuracyDifference.value],
    ]);
    expect(found).toEqual([
      ['single model', 'small', 0.75, 0.001, 0],
      ['single model', 'large', 0.75, 0.01, 0],
      // The small model is as accurate as anything that money can buy here.
      ['best mixture', '100% small', 0.75, 0.001, 0],
      ['router', 'on the prompt alone', 0.75, 0.001, 0],
      // All go on: the large model's answer is served, for the price of both.
      ['random escalation', 'as many go on, whichever', 0.75, 0.011, 0],
      ['majority vote', 'of the same calls', 0.75, 0.011, 0],
      // Small alone but for q3.
      ['oracle', 'of the chain', 1, 0.00325, -0.25],
      ['oracle', 'of all models', 1, 0.00325, -0.25],
    ]);
  });

  test('has one interval for one seed', async () => {
    expect(await evaluate(policy, input)).toEqual(await evaluate(policy, input));
    const { policy: figures } = await evaluate(policy, { ...input, seed: 2 });
    expect(figures.accuracy.low).toBeLessThan(0.75);
    expect(figures.accuracy.high).toBe(1);
  });

  test('is not made up where labels are missing', async () => {
    await expect(evaluate(policy, { ...input, queries: [query('unlabelled')] })).rejects.toThrow(
      'no query has a labelled response of every model of the chain (small, large)',
    );
  });
});

test('a limit on the cost of a query is asked before each call, as in serving', async () => {
  const limited = {
    ...policy,
    limits: { maxCostUsd: '0.005', deadlineMs: null },
    worstCases: () => ['0.001', '0.01'],
  };
  const { policy: figures } = await evaluate(limited, input);
  expect(figures.totalUsd).toBe('0.004');
  expect(figures.escalation.map(({ reached }) => reached.value)).toEqual([1, 0]);
});

describe('a model beside the chain', () => {
  const TEN = Array.from({ length: 10 }, (_, at) => query(String(at)));
  /** Like small, but for the labels that it lacks. */
  const beside = (lacks: number): EvaluationInput => ({
    ...{ queries: TEN, train: [], seed: 1 },
    models: [...models, { model: 'other', price: price(3) }],
    response: (model, id) => {
      const { correct, ...own } = response(model === 'large' ? 'large' : 'small', 'q1')!;
      return { ...own, id, ...(model === 'other' && Number(id) < lacks ? {} : { correct: correct! }) };
    },
  });
  const singles = ({ comparisons }: Evaluation) =>
    comparisons.filter(({ name }) => name === 'single model').map(({ detail }) => detail);

  test('that lacks few labels is compared on the queries that all have', async () => {
    const evaluation = await evaluate(policy, beside(1));
    expect(evaluation).toMatchObject({ queries: 9, leftOut: 1, modelsLeftOut: [] });
    expect(singles(evaluation)).toEqual(['small', 'large', 'other']);
  });

  test('that lacks many is named, and takes no query away', async () => {
    const evaluation = await evaluate(policy, beside(2));
    const modelsLeftOut = [{ what: 'other', why: 'has 8 labelled responses to 10 queries' }];
    expect(evaluation).toMatchObject({ queries: 10, leftOut: 0, modelsLeftOut });
    expect(singles(evaluation)).toEqual(['small', 'large']);
  });
});
