import type { SparseVector } from './ngrams.ts';

/**
 * The *own score* of a response: P(right) from the query and the response alone, as log-odds. One logistic regression for
 * all models, with the model as a feature, so that a model with few labels borrows from the others.
 *
 *   log-odds = intercept[model] + Σ_f Σ_b weight[f][b] · basis_b(z_f) + Σ ngram weights
 *
 * where z_f is the feature's distance from its mean for this model, in standard deviations: long *for this model* is what
 * is doubtful.
 */
export interface OwnScorer {
  /** By model, as `models` of the artifact has them. */
  readonly intercepts: Float64Array;
  /** By model, then by feature. */
  readonly means: readonly Float64Array[];
  /** By feature; 0 for one that never varies. */
  readonly deviations: Float64Array;
  /** By feature, {@link BASIS} weights each. */
  readonly weights: Float64Array;
  /** By place of the hashed n-grams. */
  readonly ngrams: Float64Array;
}

/** Weights of a feature: for z, and for how far it lies outside of what is usual, on either side. */
export const BASIS = 3;
const USUAL = 0.7;
/** A value beyond anything seen must not outweigh everything else. */
const FARTHEST = 4;

/** Writes the basis of all features of one response, {@link BASIS} numbers each. A feature that does not apply gives zeros. */
export function writeBasis(
  target: Float64Array,
  features: Float64Array,
  means: Float64Array,
  deviations: Float64Array,
): void {
  for (let f = 0; f < features.length; f++) {
    const deviation = deviations[f]!;
    const raw = deviation === 0 ? 0 : (features[f]! - means[f]!) / deviation;
    const z = Number.isNaN(raw) ? 0 : Math.max(-FARTHEST, Math.min(FARTHEST, raw));
    target[f * BASIS] = z;
    target[f * BASIS + 1] = Math.max(0, z - USUAL);
    target[f * BASIS + 2] = Math.max(0, -z - USUAL);
  }
}

function dotSparse(weights: Float64Array, { indices, value }: SparseVector): number {
  let sum = 0;
  for (const index of indices) sum += weights[index]!;
  return sum * value;
}

/** The log-odds that a response is right. */
export function ownScore(
  scorer: OwnScorer,
  model: number,
  features: Float64Array,
  ngrams: SparseVector,
): number {
  const basis = new Float64Array(features.length * BASIS);
  writeBasis(basis, features, scorer.means[model]!, scorer.deviations);
  let sum = scorer.intercepts[model]!;
  for (let i = 0; i < basis.length; i++) sum += basis[i]! * scorer.weights[i]!;
  return sum + dotSparse(scorer.ngrams, ngrams);
}
