import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uniformOf } from '../random.ts';
import { bestMixture } from './mixture.ts';
import { oracle } from './oracle.ts';
import { blend, mean, pointOf } from './outcomes.ts';
import { randomEscalation } from './random-escalation.ts';
import { routed, routerPredictions } from './router.ts';
import { majorityVote } from './vote.ts';

describe('the best mixture', () => {
  const points = [
    { cost: 1, accuracy: 0.5 },
    { cost: 3, accuracy: 0.6 }, // under the line from the first to the last: never used
    { cost: 5, accuracy: 0.9 },
    { cost: 8, accuracy: 0.8 }, // dearer and worse
  ];

  test.each([
    // [cost, accuracy, shares]
    [0, 0, []],
    [0.5, 0.25, [{ index: 0, share: 0.5 }]],
    [1, 0.5, [{ index: 0, share: 1 }]],
    [
      3,
      0.7,
      [
        { index: 0, share: 0.5 },
        { index: 2, share: 0.5 },
      ],
    ],
    [5, 0.9, [{ index: 2, share: 1 }]],
    [100, 0.9, [{ index: 2, share: 1 }]],
  ])('at a cost of %f is right in %f', (cost, accuracy, shares) => {
    const mixture = bestMixture(points, cost);
    expect(mixture.accuracy).toBeCloseTo(accuracy, 12);
    expect(mixture.shares).toEqual(shares);
  });

  test('takes a model that costs nothing', () => {
    expect(bestMixture([{ cost: 0, accuracy: 0.4 }, ...points], 0)).toEqual({
      accuracy: 0.4,
      shares: [{ index: 0, share: 1 }],
    });
  });

  test('is at least as good as every mixture of two', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const point = fc.record({ cost: fc.double({ min: 0.01, max: 1, noNaN: true }), accuracy: unit });
    fc.assert(
      fc.property(fc.array(point, { minLength: 2, maxLength: 8 }), unit, (all, share) => {
        const [a, b] = [all[0]!, all[1]!];
        const cost = share * a.cost + (1 - share) * b.cost;
        const best = bestMixture(all, cost);
        expect(best.accuracy).toBeGreaterThanOrEqual(share * a.accuracy + (1 - share) * b.accuracy - 1e-9);
        const spent = best.shares.reduce((sum, part) => sum + part.share * all[part.index]!.cost, 0);
        expect(spent).toBeLessThanOrEqual(cost + 1e-9);
      }),
    );
  });
});

test('a blend expects what its parts do, and leaves the rest unanswered', () => {
  const parts = [
    { outcomes: { cost: [2, 4], right: [1, 0] }, share: 0.5 },
    { outcomes: { cost: [10, 10], right: [1, 1] }, share: 0.25 },
  ];
  expect(blend(parts, 2)).toEqual({ cost: [3.5, 4.5], right: [0.75, 0.25] });
});

test('random escalation serves the newest answer, at the policy’s rates', () => {
  const stages = [
    { cost: [1, 1], right: [1, 0] },
    { cost: [2, 4], right: [0, 1] },
    { cost: [10, 20], right: [1, 1] },
  ];
  // Half go on from the first stage, a fifth of those from the second: reached 1, 0.5, 0.1.
  const { cost, right } = randomEscalation(stages, [0.5, 0.2]);
  expect(cost).toEqual([1 + 1 + 1, 1 + 2 + 2]);
  // Ended at: 0.5, 0.4, 0.1.
  expect(right.map((value) => value.toFixed(12))).toEqual(['0.600000000000', '0.500000000000']);
});

test.each([
  [['a', 'b', 'a'], 0],
  [['b', 'a', 'a'], 1],
  [['a', 'b'], 1], // a tie goes to the newest
  [['a', 'b', 'b', 'a'], 0],
  [[null, 'a', null], 1],
  [[null, null], 1],
  [[], -1],
])('the vote of %j serves response %i', (answers, served) => {
  expect(majorityVote(answers)).toBe(served);
});

test('the oracle asks the cheapest right model, and where none is right the cheapest', () => {
  const models = [
    { cost: [1, 1, 1], right: [1, 0, 0] },
    { cost: [9, 9, 9], right: [1, 1, 0] },
    { cost: [5, 5, 0.5], right: [0, 1, 0] },
  ];
  expect(oracle(models)).toEqual({ cost: [1, 5, 0.5], right: [1, 1, 0] });
});

describe('the router', () => {
  const uniform = uniformOf(3);
  const WORDS = ['river', 'stone', 'maple', 'cloud', 'ember', 'field'];
  const word = (): string => WORDS[Math.floor(uniform() * WORDS.length)]!;
  // Model 0 is right where the prompt is about a poem; model 1 always, and costs more.
  const prompts = Array.from({ length: 300 }, (_, at) =>
    [at % 2 === 0 ? 'write a poem about' : 'prove a lemma about', word(), word(), String(at)].join(' '),
  );
  const poem = prompts.map((prompt) => (prompt.includes('poem') ? 1 : 0));
  const models = [
    { cost: prompts.map(() => 1), right: poem },
    { cost: prompts.map(() => 10), right: prompts.map(() => 1) },
  ];
  const train = { prompts: prompts.slice(0, 200), right: models.map(({ right }) => right.slice(0, 200)) };

  test('learns from the prompt which model is right', () => {
    const [weak] = routerPredictions(train, prompts.slice(200));
    const wrong = weak!.filter((probability, at) => probability > 0.5 !== (poem[200 + at] === 1));
    expect(wrong).toEqual([]);
    expect(routerPredictions(train, prompts.slice(200))[0]).toEqual(weak);
  });

  test('predicts a prompt of train without having seen its label', () => {
    // Unrelated to the prompt: whoever had seen the labels would be better than chance.
    const chance = Array.from({ length: 200 }, () => (uniform() < 0.5 ? 0 : 1));
    const [predicted] = routerPredictions({ prompts: train.prompts, right: [chance] }, null);
    const hits = predicted!.filter((probability, at) => probability > 0.5 === (chance[at] === 1)).length;
    expect(hits).toBeGreaterThan(70);
    expect(hits).toBeLessThan(130);
  });

  test('spends exactly the budget, where it is of use', () => {
    const predicted = [poem.map((own) => (own === 1 ? 0.9 : 0.1)), prompts.map(() => 0.95)];
    const at = (budget: number) => pointOf(routed(predicted, [1, 10], models, budget));
    // Half the prompts need the strong model: 0.5 × 1 + 0.5 × 10.
    expect(at(5.5)).toEqual({ cost: 5.5, accuracy: 1 });
    const { cost, accuracy } = at(3);
    expect(cost).toBeCloseTo(3, 9);
    // Of the 4.5 that the other half costs more, 2 are there.
    expect(accuracy).toBeCloseTo(0.5 + 0.5 * (2 / 4.5), 9);
    expect(at(100).cost).toBeLessThanOrEqual(10);
    expect(at(0.5)).toEqual({ cost: 0.5, accuracy: mean(poem) / 2 });
  });
});
