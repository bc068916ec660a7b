import { TERM_BUCKETS, type Terms } from './prompt-terms.ts';

/** P(right) by target for a prompt's terms. */
export type Predict = (terms: Terms) => Float64Array;

/** Enough for the penalties of {@link fitLogistic}'s callers: predictions move by less than 0.001 afterwards. */
const ITERATIONS = 80;

/**
 * Logistic regressions of several targets on the same terms, fitted together by accelerated gradient descent (Nesterov
 * 1983). It minimises the mean logistic loss plus penalty / 2 · |weights|² for each target; the intercepts are not penalised.
 * Deterministic.
 * @param rows terms of unit length, one per example.
 * @param right per target, per example: 0 or 1.
 * @param penalty positive; the smaller, the closer the fit.
 */
export function fitLogistic(
  rows: readonly Terms[],
  right: readonly (readonly number[])[],
  penalty: number,
): Predict {
  const targets = right.length;
  const size = (TERM_BUCKETS + 1) * targets;
  // Unit rows and an intercept: the curvature of the mean loss is at most 2 / 4.
  const step = 1 / (0.5 + penalty);
  let weights = new Float64Array(size);
  const ahead = new Float64Array(size);
  const gradient = new Float64Array(size);
  for (let iteration = 1; iteration <= ITERATIONS; iteration++) {
    gradient.fill(0);
    rows.forEach((terms, at) => {
      const predicted = probabilities(ahead, terms, targets);
      for (let target = 0; target < targets; target++) {
        predicted[target] = ((predicted[target] ?? 0) - (right[target]?.[at] ?? 0)) / rows.length;
      }
      addScaled(gradient, terms, predicted);
    });
    const momentum = (iteration - 1) / (iteration + 2);
    const next = new Float64Array(size);
    for (let index = 0; index < size; index++) {
      const own = ahead[index] ?? 0;
      const pull = index < TERM_BUCKETS * targets ? penalty * own : 0;
      next[index] = own - step * ((gradient[index] ?? 0) + pull);
      ahead[index] = (next[index] ?? 0) + momentum * ((next[index] ?? 0) - (weights[index] ?? 0));
    }
    weights = next;
  }
  return (terms) => probabilities(weights, terms, targets);
}

/** Weights lie by bucket, then by target, the intercepts last: one pass over a prompt's terms serves all targets. */
function probabilities(
  weights: Float64Array,
  { buckets, weights: values }: Terms,
  targets: number,
): Float64Array {
  const sums = weights.slice(TERM_BUCKETS * targets);
  for (let at = 0; at < buckets.length; at++) {
    const from = (buckets[at] ?? 0) * targets;
    const value = values[at] ?? 0;
    for (let target = 0; target < targets; target++) {
      sums[target] = (sums[target] ?? 0) + value * (weights[from + target] ?? 0);
    }
  }
  return sums.map((sum) => 1 / (1 + Math.exp(-sum)));
}

function addScaled(into: Float64Array, { buckets, weights: values }: Terms, scale: Float64Array): void {
  const targets = scale.length;
  const add = (from: number, value: number): void => {
    for (let target = 0; target < targets; target++) {
      into[from + target] = (into[from + target] ?? 0) + value * (scale[target] ?? 0);
    }
  };
  for (let at = 0; at < buckets.length; at++) add((buckets[at] ?? 0) * targets, values[at] ?? 0);
  add(TERM_BUCKETS * targets, 1);
}
