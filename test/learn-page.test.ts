import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { mixtureOf } from '../cli/learn/mixture.ts';
import { learnPage } from '../cli/learn/page.ts';
import type { LearnResult, SingleModelFigures } from '../cli/learn/result.ts';
import { showLearned } from '../cli/learn/text.ts';
import type { LearnedFigures } from '../learning/figures.ts';

const MODELS: readonly SingleModelFigures[] = [
  {
    model: 'small',
    in_pool: true,
    train: { accuracy: 0.7, cost_share: 0.1 },
    test: { accuracy: 0.66, cost_share: 0.11 },
  },
  {
    model: 'hidden <reasoner>',
    in_pool: false,
    train: { accuracy: 0.97, cost_share: 0.12 },
    test: { accuracy: 0.96, cost_share: 0.13 },
  },
  {
    model: 'large',
    in_pool: true,
    train: { accuracy: 0.9, cost_share: 1 },
    test: { accuracy: 0.91, cost_share: 1 },
  },
];

function figures(accuracy: number): LearnedFigures {
  return {
    queries: 400,
    accuracy,
    accuracy_interval: [accuracy - 0.031, accuracy + 0.027],
    reference_accuracy: 0.9013,
    cost_usd_per_query: 0.0004321,
    cost_share: 0.3456,
    escalation: [1, 0.2719],
    discarded_share: 0.1213,
    paid_twice_share: 0.1727,
    spend_by_stage: [
      { model: 'small', served: 0.2273, agreed: 0.0514, discarded: 0.0713 },
      { model: 'large', served: 0.6, agreed: 0, discarded: 0.05 },
    ],
    auroc: 0.8123,
    auroc_by_model: { small: 0.8234, 'hidden <reasoner>': null, large: 0.8012 },
    auroc_agreement: 0.8765,
    ece: 0.0213,
    ece_answer: 0.0321,
    ece_answer_if_perfect: 0.0287,
    reliability: [
      { count: 200, confidence: 0.81, accuracy: 0.79 },
      { count: 200, confidence: 0.97, accuracy: 0.985 },
    ],
  };
}

const RESULT: LearnResult = {
  task: 'support <triage> & more',
  goal: 'harm of at most 2.0%, with 90.0% confidence',
  seed: 1,
  answer: { from: 'json', pointer: '/category', normalise: 'loose' },
  chain: ['small', 'large'],
  rule: 'threshold',
  parameters: { threshold: 0.8125 },
  thresholds: [0.8125, 0.8125],
  recommendation: 'cascade',
  reference: 'large',
  policies_compared: 1234,
  promised: { accuracy: 0.9187, cost_usd_per_query: 0.0004, cost_share: 0.3333 },
  train: figures(0.9142),
  test: figures(0.8987),
  models: MODELS,
  best_mixture: { train: mixtureOf(MODELS, 'train', 0.3456), test: mixtureOf(MODELS, 'test', 0.3456) },
  frontier: [
    { cost_share: 0.1, accuracy: 0.7, chain: ['small'] },
    { cost_share: 0.3456, accuracy: 0.9187, chain: ['small', 'large'] },
  ],
  label_disagreement: { pairs: 777, differing: 13, share: 13 / 777 },
  right_answers: { pairs: 555, differing: 3, share: 3 / 555 },
  left_out: [{ what: '17 queries', why: 'not every model has a labelled response to them' }],
  certification: {
    statement: 'With a probability of at least 90% over the draw of the 263 certify queries, it is so.',
    forecast: { n: 263, smallestN: 149, chance: 0.871, costShare: 0.4321 },
    certificate: null,
    p_values: [0, 0.0123, 0.2345],
    level: 0.05,
    path: [
      { accuracy: 0.9, cost_share: 1 },
      { accuracy: 0.9187, cost_share: 0.3333 },
      { accuracy: 0.89, cost_share: 0.2222 },
      { accuracy: 0.88, cost_share: 0.1999 },
    ],
    labels_needed: null,
    plug_in: 3,
    point: 1,
  },
  resplits: null,
  policy_sha256: 'a'.repeat(64),
  scorer_sha256: 'b'.repeat(64),
};

interface Element {
  readonly textContent: string;
  querySelectorAll(selector: string): Iterable<Element>;
}

/** This project's types have no DOM; this much of one is looked at. */
async function pageOf(result: LearnResult): Promise<{ text: string; document: Element }> {
  const text = await learnPage(result);
  return { text, document: Reflect.get(parseHTML(text), 'document') as Element };
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).map((word) => word.replace(/^\(|[).,:;]+$/g, ''));
}

const WITHOUT_TEST: LearnResult = {
  ...RESULT,
  test: null,
  models: MODELS.map((model) => ({ ...model, test: null })),
  best_mixture: { ...RESULT.best_mixture, test: null },
};

test.each([
  ['with a certificate asked for', RESULT],
  ['without', { ...RESULT, certification: null }],
  ['with nothing held out', WITHOUT_TEST],
  ['of a single model', { ...RESULT, chain: ['large'], recommendation: 'single-model' as const }],
])('the page holds every number of the terminal version, %s', async (_name, result) => {
  const onPage = new Set(wordsOf((await learnPage(result)).replace(/<[^>]+>/g, ' ')));
  const numbers = wordsOf(showLearned(result)).filter((word) => /\d/.test(word));
  expect(numbers.length).toBeGreaterThan(40);
  expect(numbers.filter((number) => !onPage.has(number))).toEqual([]);
});

test('a saving stands with the accuracy against the same reference, and the certificate with its path', async () => {
  const { text, document } = await pageOf(RESULT);
  const rows = [...document.querySelectorAll('tr')].map((row) =>
    [...row.querySelectorAll('th, td')].map(({ textContent }) => textContent.trim()),
  );
  // 0.0004321 / 0.3456 − 0.0004321, and 91.42% or 89.87% against 90.13%.
  expect(rows).toContainEqual([
    'saved per query',
    '$0.0008182 (65.4%) at +1.29 points',
    '$0.0008182 (65.4%) at −0.26 points',
  ]);
  expect(rows).toContainEqual(['1 of 3', '91.9%', '33.3%', '0.012', 'served']);
  expect(rows).toContainEqual(['2 of 3', '89.0%', '22.2%', '0.234', 'where the test ended']);
  expect(rows).toContainEqual(['3 of 3', '88.0%', '20.0%', 'not tested', 'plug-in, certifies nothing']);
  expect(text).toContain('over the draw of the 263 certify queries');
  expect([...document.querySelectorAll('svg')].length).toBe(7);
  expect(text).toContain('hidden &lt;reasoner&gt;');
});

test('the page needs nothing from elsewhere', async () => {
  const { text } = await pageOf(RESULT);
  expect(text).not.toContain('<script');
  expect(text).not.toContain('NaN');
  // No address but those that name SVG's own vocabulary.
  expect(
    text.match(/https?:\/\/[^"' )<]+/g)?.filter((url) => !url.startsWith('http://www.w3.org/')) ?? [],
  ).toEqual([]);
});

test('the best mixture is chosen by train, of models that a chain may have, and measured where it is asked for', () => {
  // At 0.3456 of the reference's cost: (0.3456 − 0.11) / (1 − 0.11) of the queries go to the large model.
  const share = (0.3456 - 0.11) / 0.89;
  const mixture = mixtureOf(MODELS, 'test', 0.3456);
  expect(mixture.shares.map(({ model }) => model)).toEqual(['small', 'large']);
  expect(mixture.shares[1]?.share).toBeCloseTo(share, 12);
  expect(mixture.accuracy).toBeCloseTo(0.66 + share * 0.25, 12);
  expect(mixture.cost_share).toBeCloseTo(0.3456, 12);
});
