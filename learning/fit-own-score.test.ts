import { expect, test } from 'vitest';
import { ownScore, BASIS, writeBasis } from '../scorers/learned/own-score.ts';
import { LADDER, MADE_ANSWER, madeSet } from '../test/support/made-set.ts';
import { toDataset } from './dataset.ts';
import { fitOwnScore } from './fit-own-score.ts';

const { dataset: data } = toDataset(madeSet(LADDER, { queries: 60 }), MADE_ANSWER);
const queries = data.queries.map((_, at) => at);

test('the own score is where the gradient of the ridge logistic regression is zero', () => {
  const scorer = fitOwnScore(data, queries, 1);
  const width = scorer.weights.length;
  // Σ (label − P) · row = penalty · weight, for one penalty for each kind: so the two are proportional, kind by kind.
  const pull = { weights: new Float64Array(width), intercepts: new Float64Array(data.models.length) };
  for (const [model, ofModel] of data.responses.entries()) {
    for (const { features, ngrams, correct } of ofModel) {
      const residual = correct - 1 / (1 + Math.exp(-ownScore(scorer, model, features, ngrams)));
      const basis = new Float64Array(features.length * BASIS);
      writeBasis(basis, features, scorer.means[model]!, scorer.deviations);
      for (let i = 0; i < width; i++) pull.weights[i]! += residual * basis[i]!;
      pull.intercepts[model]! += residual;
    }
  }
  for (const [kind, weights] of [
    ['weights', scorer.weights],
    ['intercepts', scorer.intercepts],
  ] as const) {
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
    const penalty = dot(pull[kind], weights) / dot(weights, weights);
    const gradient = pull[kind].map((value, at) => value - penalty * weights[at]!);
    expect(penalty, kind).toBeGreaterThan(0);
    expect(Math.sqrt(dot(gradient, gradient) / dot(pull[kind], pull[kind])), kind).toBeLessThan(0.02);
  }
});

test('the same seed gives the same scorer, and labels of other queries change nothing', () => {
  const half = queries.filter((at) => at % 2 === 0);
  const flipped = {
    ...data,
    responses: data.responses.map((ofModel) =>
      ofModel.map((response, at) =>
        at % 2 === 0
          ? response
          : { ...response, correct: response.correct === 1 ? (0 as const) : (1 as const) },
      ),
    ),
  };
  expect(fitOwnScore(flipped, half, 3)).toEqual(fitOwnScore(data, half, 3));
});
