import type { OwnScorer } from '../scorers/learned/own-score.ts';
import { minimise } from './lbfgs.ts';

/** log-odds = slope · score + offset. */
export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

/**
 * Platt's scaling (Platt 1999): the line through out-of-fold scores that makes the labels most likely. A ridge that keeps
 * weights small keeps scores near the middle, too; a few hundred labels are enough to find out how much.
 * @param scores in log-odds, of responses that the scorer was not fitted on. @param right 1 for right, 0 for wrong.
 */
export function calibrate(scores: readonly number[], right: readonly number[]): Calibration {
  const [slope, offset] = minimise(
    (x, gradient) => {
      gradient.fill(0);
      let loss = 0;
      for (let i = 0; i < scores.length; i++) {
        const z = x[0]! * scores[i]! + x[1]!;
        loss += Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - right[i]! * z;
        const error = 1 / (1 + Math.exp(-z)) - right[i]!;
        gradient[0]! += error * scores[i]!;
        gradient[1]! += error;
      }
      return loss;
    },
    Float64Array.of(1, 0),
    { iterations: 50, tolerance: 1e-10 },
  );
  return { slope: slope!, offset: offset! };
}

/** The scorer whose scores are already calibrated. */
export function calibrated(scorer: OwnScorer, { slope, offset }: Calibration): OwnScorer {
  return {
    ...scorer,
    intercepts: scorer.intercepts.map((value) => slope * value + offset),
    weights: scorer.weights.map((value) => slope * value),
    ngrams: scorer.ngrams.map((value) => slope * value),
  };
}
