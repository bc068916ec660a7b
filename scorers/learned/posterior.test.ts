import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layoutOf, pairAt, probabilities, softmax, type Posterior, type Vote } from './posterior.ts';

const MODELS = 5;
const SIZE = layoutOf(MODELS).size;
const parameters = fc
  .array(fc.double({ min: -40, max: 40, noNaN: true }), { minLength: SIZE, maxLength: SIZE })
  .map((values): Posterior => ({ models: MODELS, exclusive: true, parameters: Float64Array.from(values) }));

/** One to six responses, also of one model twice and without an answer; candidates are numbered without a gap. */
const votes = fc
  .array(
    fc.record({
      model: fc.integer({ min: 0, max: MODELS - 1 }),
      answer: fc.integer({ min: -1, max: 3 }),
      own: fc.double({ min: -20, max: 20, noNaN: true }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((drawn) => {
    const numbers = [...new Set(drawn.map(({ answer }) => answer).filter((answer) => answer >= 0))];
    return {
      candidates: numbers.length,
      votes: drawn.map(({ model, answer, own }): Vote => ({
        model,
        candidate: numbers.indexOf(answer),
        own,
      })),
    };
  });

describe('the posterior', () => {
  test('of the candidates and of none sums to 1, each in [0, 1]', () => {
    fc.assert(
      fc.property(parameters, votes, (posterior, { votes: given, candidates }) => {
        const p = probabilities(posterior, given, candidates);
        expect(p).toHaveLength(candidates + 1);
        expect(p.every((one) => one >= 0 && one <= 1)).toBe(true);
        expect(p.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test('of candidates that do not exclude each other is in [0, 1] for each', () => {
    fc.assert(
      fc.property(parameters, votes, (posterior, { votes: given, candidates }) => {
        const p = probabilities({ ...posterior, exclusive: false }, given, candidates);
        expect(p.every((one) => one >= 0 && one <= 1)).toBe(true);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test('does not depend on the order of the votes', () => {
    fc.assert(
      fc.property(parameters, votes, (posterior, { votes: given, candidates }) => {
        const p = probabilities(posterior, given, candidates);
        const reversed = probabilities(posterior, [...given].reverse(), candidates);
        for (const [at, one] of p.entries()) expect(reversed[at]).toBeCloseTo(one, 9);
      }),
      { seed: 2, numRuns: 40 },
    );
  });

  test('can be counted by hand', () => {
    const layout = layoutOf(2);
    const values = new Float64Array(layout.size);
    values[layout.vote] = 1; // the first model's vote
    values[layout.ownVote + 2] = 0.5; // of an own score of 2, with two responses: 1 more
    values[layout.none + 2 * 5 + 2] = -1; // none, with two responses and two candidates
    values[layout.doubt + 1] = 0.25;
    values[layout.alone + 1] = 0.75; // nobody agrees with the second model
    const p = probabilities(
      { models: 2, exclusive: true, parameters: values },
      [
        { model: 0, candidate: 0, own: 2 },
        { model: 1, candidate: 1, own: 0 },
      ],
      2,
    );
    const weights = [Math.exp(-0.75), Math.exp(2), Math.exp(0.75)];
    const sum = weights.reduce((a, b) => a + b);
    for (const [at, weight] of weights.entries()) expect(p[at]).toBeCloseTo(weight / sum, 12);
  });

  test('of open-ended answers is each candidate’s own: both may be right', () => {
    const layout = layoutOf(2);
    const values = new Float64Array(layout.size);
    values[layout.vote] = 1;
    values[layout.vote + 1] = 3;
    values[layout.none + 2 * 5 + 2] = -1;
    const p = probabilities(
      { models: 2, exclusive: false, parameters: values },
      [
        { model: 0, candidate: 0, own: 0 },
        { model: 1, candidate: 1, own: 0 },
      ],
      2,
    );
    const [first, second] = [1 / (1 + Math.exp(-2)), 1 / (1 + Math.exp(-4))];
    expect(p[1]).toBeCloseTo(first, 12);
    expect(p[2]).toBeCloseTo(second, 12);
    expect(p[0]).toBeCloseTo((1 - first) * (1 - second), 12);
  });
});

test('each parameter has a place of its own', () => {
  const { pair, ownVote } = layoutOf(MODELS);
  const places = new Set<number>();
  for (let a = 0; a < MODELS; a++) for (let b = 0; b < a; b++) places.add(pairAt(a, b));
  expect([...places].sort((a, b) => a - b)).toEqual(Array.from({ length: ownVote - pair }, (_, at) => at));
  expect(pairAt(1, 3)).toBe(pairAt(3, 1));
  expect(layoutOf(1).pair).toBe(layoutOf(1).ownVote);
});

test('softmax is safe from overflow', () => {
  expect([...softmax(Float64Array.of(1000, 1000))]).toEqual([0.5, 0.5]);
  expect([...softmax(Float64Array.of(-1e6, 0))]).toEqual([0, 1]);
  expect([...softmax(Float64Array.of(1e300))]).toEqual([1]);
});
