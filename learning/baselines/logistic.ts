import type { Terms } from './prompt-terms.ts';

/** P(right) by target for a prompt's terms. */
export type Predict = (terms: Terms) => Float64Array;

/** Enough for the penalties of this folder: predictions move by less than 0.001 afterwards. */
const ITERATIONS = 50;

/**
 * Logistic regressions of several targets on the same terms, fitted together by accelerated gradient descent (Nesterov
 * 1983). It minimises the mean logistic loss plus penalty / 2 · |weights|² for each target; the intercepts are not penalised.
 * Deterministic.
 * @param rows terms of length 1, one per example. @param size of their vocabulary.
 * @param right per target, per example: 0 or 1.
 * @param penalty positive; the smaller, the closer the fit.
 */
export function fitLogistic(
  rows: readonly Terms[],
  size: number,
  right: readonly (readonly number[])[],
  penalty: number,
): Predict {
  const targets = right.length;
  // By term, then by target, the intercepts last: one pass over a prompt's terms serves all targets.
  const weights = new Float64Array((size + 1) * targets);
  const ahead = new Float64Array(weights.length);
  const gradient = new Float64Array(weights.length);
  // Rows of length 1 and an intercept: the curvature of the mean loss is at most 2 / 4.
  const step = 1 / (0.5 + penalty);
  for (let iteration = 1; iteration <= ITERATIONS; iteration++) {
    gradient.fill(0);
    rows.forEach((terms, at) => {
      const error = probabilities(ahead, terms, targets);
      error.forEach((predicted, target) => {
        error[target] = (predicted - (right[target]?.[at] ?? 0)) / rows.length;
      });
      addScaled(gradient, terms, error);
    });
    const momentum = (iteration - 1) / (iteration + 2);
    ahead.forEach((own, index) => {
      const pull = index < size * targets ? penalty * own : 0;
      const next = own - step * ((gradient[index] ?? 0) + pull);
      ahead[index] = next + momentum * (next - (weights[index] ?? 0));
      weights[index] = next;
    });
  }
  return (terms) => probabilities(weights, terms, targets);
}

function probabilities(weights: Float64Array, terms: Terms, targets: number): Float64Array {
  const sums = weights.slice(weights.length - targets);
  for (let at = 0; at < terms.ids.length; at++) {
    const from = (terms.ids[at] ?? 0) * targets;
    const value = terms.weights[at] ?? 0;
    for (let target = 0; target < targets; target++) {
      sums[target] = (sums[target] ?? 0) + value * (weights[from + target] ?? 0);
    }
  }
  return sums.map((sum) => 1 / (1 + Math.exp(-sum)));
}

function addScaled(into: Float64Array, terms: Terms, scale: Float64Array): void {
  const targets = scale.length;
  const add = (from: number, value: number): void => {
    for (let target = 0; target < targets; target++) {
      into[from + target] = (into[from + target] ?? 0) + value * (scale[target] ?? 0);
    }
  };
  for (let at = 0; at < terms.ids.length; at++) add((terms.ids[at] ?? 0) * targets, terms.weights[at] ?? 0);
  add(into.length - targets, 1);
}
