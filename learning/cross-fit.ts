import { ownScore, type OwnScorer } from '../scorers/learned/own-score.ts';
import type { Posterior } from '../scorers/learned/posterior.ts';
import { calibrate, calibrated, type Calibration } from './calibrate.ts';
import type { Dataset } from './dataset.ts';
import { fitOwnScore } from './fit-own-score.ts';
import { fitPosterior } from './fit-posterior.ts';
import { uniformOf } from './random.ts';
import type { Judge } from './sets.ts';

export const FOLDS = 5;

/** Scorers as they will be served, and for each query of the fit a judge that has seen neither it nor its fold. */
export interface CrossFit {
  readonly own: OwnScorer;
  readonly posterior: Posterior;
  /** Share of right responses on the queries of the fit, by model. */
  readonly accuracy: readonly number[];
  /** By position in the queries of the fit. */
  readonly judges: readonly Judge[];
}

/**
 * Nested cross-fitting over {@link FOLDS} folds. The judge of fold f: its own score was fitted without f; its posterior was
 * fitted on the other folds, on own scores that for each fold g of those were fitted without f and g. So nothing that
 * judges a query has met its label, at either level, and the posterior learns from own scores as unsure as those it will meet.
 * Own scores are calibrated on those same out-of-fold scores.
 * @param folds of each query, from 0.
 */
export function crossFit(
  data: Dataset,
  queries: readonly number[],
  folds: readonly number[],
  pool: readonly number[],
  seed: number,
): CrossFit {
  const without = (...left: number[]): number[] => queries.filter((_, at) => !left.includes(folds[at]!));
  const inFold = (fold: number): number[] => queries.filter((_, at) => folds[at] === fold);
  const accuracyOn = (of: readonly number[]): number[] =>
    data.responses.map(
      (ofModel) => of.reduce((sum, query) => sum + ofModel[query]!.correct, 0) / Math.max(1, of.length),
    );
  const all = Array.from({ length: FOLDS }, (_, fold) => fold);

  const ownWithout = all.map((fold) => fitOwnScore(data, without(fold), seed));
  const outOfFold = emptyScores(data);
  for (const fold of all) writeScores(outOfFold, data, ownWithout[fold]!, inFold(fold));
  const calibration = calibrationOn(data, outOfFold, queries);
  apply(calibration, outOfFold);

  const judges = new Array<Judge>(queries.length);
  const pairs = new Map<string, OwnScorer>();
  for (const fold of all) {
    const own = emptyScores(data);
    for (const other of all) {
      if (other === fold) continue;
      const key = [fold, other].sort().join(' ');
      const scorer = pairs.get(key) ?? fitOwnScore(data, without(fold, other), seed);
      pairs.set(key, scorer);
      writeScores(own, data, scorer, inFold(other));
    }
    writeScores(own, data, ownWithout[fold]!, inFold(fold));
    const seen = without(fold);
    apply(calibrationOn(data, own, seen), own);
    const accuracy = accuracyOn(seen);
    const posterior = fitPosterior(data, own, seen, pool, accuracy, uniformOf(seed + fold + 1));
    for (const [at, of] of folds.entries()) if (of === fold) judges[at] = { posterior, own, accuracy };
  }
  const accuracy = accuracyOn(queries);
  return {
    own: calibrated(fitOwnScore(data, queries, seed), calibration),
    posterior: fitPosterior(data, outOfFold, queries, pool, accuracy, uniformOf(seed)),
    accuracy,
    judges,
  };
}

/** A judge of queries that none of the fit's scorers has seen. */
export function servedJudge(data: Dataset, fit: CrossFit, queries: readonly number[]): Judge {
  const own = emptyScores(data);
  writeScores(own, data, fit.own, queries);
  return { own, posterior: fit.posterior, accuracy: fit.accuracy };
}

/** Of scores that were given by scorers that had not seen these queries. */
function calibrationOn(
  data: Dataset,
  scores: readonly Float64Array[],
  queries: readonly number[],
): Calibration {
  const pooled: number[] = [];
  const right: number[] = [];
  for (const [model, ofModel] of data.responses.entries()) {
    for (const query of queries) {
      pooled.push(scores[model]![query]!);
      right.push(ofModel[query]!.correct);
    }
  }
  return calibrate(pooled, right);
}

function apply({ slope, offset }: Calibration, scores: readonly Float64Array[]): void {
  for (const ofModel of scores)
    for (let i = 0; i < ofModel.length; i++) ofModel[i] = slope * ofModel[i]! + offset;
}

function emptyScores(data: Dataset): Float64Array[] {
  return data.models.map(() => new Float64Array(data.queries.length));
}

function writeScores(
  scores: readonly Float64Array[],
  data: Dataset,
  scorer: OwnScorer,
  queries: readonly number[],
): void {
  for (const [model, ofModel] of data.responses.entries()) {
    for (const query of queries) {
      const { features, ngrams } = ofModel[query]!;
      scores[model]![query] = ownScore(scorer, model, features, ngrams);
    }
  }
}
