import { NGRAM_BITS } from '../scorers/learned/ngrams.ts';
import { BASIS, writeBasis, type OwnScorer } from '../scorers/learned/own-score.ts';
import type { Dataset } from './dataset.ts';
import { uniformOf } from './random.ts';

/**
 * How much the weights are held back (ridge): features, n-grams, models' intercepts, and features that are bought. In units of
 * one observation.
 */
const PENALTIES = { features: 2000, ngrams: 2, intercepts: 1, judge: 50, embedder: 10_000 };
/** Passes over the data: after about six the held-out AUROC no longer moves. */
const PASSES = 8;
const PLACES = 1 << NGRAM_BITS;

/**
 * Fits the own score by ridge-regularised logistic regression on all models' responses to some queries. Dual coordinate
 * descent (Yu, Huang, Lin 2011, doi:10.1007/s10994-010-5221-8): each response has one dual variable α in (0, 1), and the
 * weights are Σ ±α · row. With penalties this strong it needs a few passes where descent on the weights needs a hundred.
 * @param queries numbers of the dataset's queries.
 * @param seed of the order in which responses are visited.
 */
export function fitOwnScore(data: Dataset, queries: readonly number[], seed: number): OwnScorer {
  const { means, deviations } = standardise(data, queries);
  const models = data.models.length;
  const width = deviations.length * BASIS;
  const rows = queries.length * models;
  // Ridge penalties that differ are one penalty on columns that are scaled: weight² · penalty = (weight · √penalty)².
  const scale = {
    columns: Float64Array.from({ length: width }, (_, column) => {
      const { bought } = data.features[Math.floor(column / BASIS)]!;
      return PENALTIES[bought ?? 'features'] ** -0.5;
    }),
    ngrams: PENALTIES.ngrams ** -0.5,
    intercepts: PENALTIES.intercepts ** -0.5,
  };
  const dense = new Float64Array(rows * width);
  const squares = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const model = row % models;
    const target = dense.subarray(row * width, (row + 1) * width);
    writeBasis(
      target,
      data.responses[model]![queries[(row - model) / models]!]!.features,
      means[model]!,
      deviations,
    );
    let square = scale.intercepts ** 2 + scale.ngrams ** 2;
    for (let i = 0; i < width; i++) {
      target[i]! *= scale.columns[i]!;
      square += target[i]! ** 2;
    }
    squares[row] = square;
  }

  const weights = new Float64Array(width);
  const intercepts = new Float64Array(models);
  const ngrams = new Float64Array(PLACES);
  const alphas = new Float64Array(rows);
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  const uniform = uniformOf(seed);
  for (let pass = 0; pass < PASSES; pass++) {
    shuffle(order, uniform);
    for (let at = 0; at < rows; at++) {
      const row = order[at]!;
      const model = row % models;
      const { correct, ngrams: response } = data.responses[model]![queries[(row - model) / models]!]!;
      const { indices } = response;
      const value = response.value * scale.ngrams;
      const from = row * width;
      let sparse = 0;
      for (let i = 0; i < indices.length; i++) sparse += ngrams[indices[i]!]!;
      let logit = intercepts[model]! * scale.intercepts + sparse * value;
      for (let i = 0; i < width; i++) logit += dense[from + i]! * weights[i]!;

      const sign = correct === 1 ? 1 : -1;
      const before = alphas[row]!;
      const after = dualStep(sign * logit, before, squares[row]!);
      alphas[row] = after;
      const step = sign * (after - before);
      intercepts[model]! += step * scale.intercepts;
      for (let i = 0; i < indices.length; i++) ngrams[indices[i]!]! += step * value;
      for (let i = 0; i < width; i++) weights[i]! += step * dense[from + i]!;
    }
  }
  return {
    intercepts: intercepts.map((weight) => weight * scale.intercepts),
    means,
    deviations,
    weights: weights.map((weight, column) => weight * scale.columns[column]!),
    ngrams: ngrams.map((weight) => weight * scale.ngrams),
  };
}

/**
 * The dual variable that fits one response best while all others rest: the root in t of
 * square · (σ(t) − before) + margin + t, which rises in t. Newton's steps, from where margin alone would have it.
 */
function dualStep(margin: number, before: number, square: number): number {
  let t = -margin;
  for (let round = 0; round < 5; round++) {
    const alpha = 1 / (1 + Math.exp(-t));
    t -= (square * (alpha - before) + margin + t) / (square * alpha * (1 - alpha) + 1);
  }
  return 1 / (1 + Math.exp(-t));
}

function shuffle(order: Int32Array, uniform: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
}

/** A model's mean is held to the mean over all models as if by so many further responses. */
const SHRINKAGE = 20;

function standardise(
  data: Dataset,
  queries: readonly number[],
): { means: Float64Array[]; deviations: Float64Array } {
  const features = data.responses[0]![queries[0]!]!.features.length;
  const deviations = new Float64Array(features);
  const means = data.models.map(() => new Float64Array(features));
  for (let f = 0; f < features; f++) {
    const values = data.responses.map((ofModel) =>
      queries.map((query) => ofModel[query]!.features[f]!).filter((value) => !Number.isNaN(value)),
    );
    const overall = meanOf(values.flat());
    let squares = 0;
    let count = 0;
    for (const [m, own] of values.entries()) {
      const mean = (meanOf(own) * own.length + overall * SHRINKAGE) / (own.length + SHRINKAGE);
      means[m]![f] = mean;
      for (const value of own) squares += (value - mean) ** 2;
      count += own.length;
    }
    const deviation = count === 0 ? 0 : Math.sqrt(squares / count);
    deviations[f] = deviation < 1e-9 ? 0 : deviation;
  }
  return { means, deviations };
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
