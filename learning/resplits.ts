import type { Dataset } from './dataset.ts';
import { fitScorers, learnPolicy, measure, type Goal, type LearnOptions } from './learn.ts';
import { halvesByHash } from './split.ts';

/** A policy learned on one random half and measured on the other. */
export interface Resplit {
  readonly chain: readonly string[];
  readonly accuracy: number;
  readonly reference: string;
  /** Accuracy minus the reference's, the half's best single model, on the same queries. */
  readonly accuracy_difference: number;
  readonly cost_share: number;
  readonly promised_accuracy: number;
  readonly promised_cost_share: number;
}

/** Means over resplits, in [0, 1]; intervals of 95% of the mean, from the spread between resplits. */
export interface ResplitSummary {
  readonly splits: number;
  readonly accuracy_difference: number;
  /** Of {@link accuracy_difference}: paired, since both are measured on the same halves. */
  readonly accuracy_interval: readonly [number, number];
  readonly cost_share: number;
  readonly largest_cost_share: number;
  readonly each: readonly Resplit[];
}

/**
 * How well learning does, and not just once: halves by hash, learned on one, measured on the other, whose labels nothing
 * before has read.
 * @param datasetFor the dataset of these queries, where the labels of those with these numbers may be read.
 * @param onSplit is told each result as it comes.
 */
export function resplit(
  queries: Dataset['queries'],
  datasetFor: (train: readonly number[]) => Dataset,
  goal: Goal,
  options: LearnOptions,
  splits: number,
  onSplit: (done: number, result: Resplit) => void,
): ResplitSummary {
  const each: Resplit[] = [];
  for (let split = 1; split <= splits; split++) {
    const { train, test } = halvesByHash(queries, `resplit ${options.seed} ${split}`);
    const data = datasetFor(train);
    const fitted = fitScorers(data, train, options);
    const { policy } = learnPolicy(data, fitted, goal, options);
    const figures = measure(data, fitted, policy, test);
    const result: Resplit = {
      chain: policy.chain,
      accuracy: figures.accuracy,
      reference: policy.reference,
      accuracy_difference: figures.accuracy - figures.reference_accuracy,
      cost_share: figures.cost_share,
      promised_accuracy: policy.promised.accuracy,
      promised_cost_share: policy.promised.costShare,
    };
    each.push(result);
    onSplit(split, result);
  }
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const differences = each.map(({ accuracy_difference }) => accuracy_difference);
  const middle = mean(differences);
  const spread = Math.sqrt(mean(differences.map((value) => (value - middle) ** 2)) / Math.max(1, splits - 1));
  return {
    splits,
    accuracy_difference: middle,
    accuracy_interval: [middle - 1.96 * spread, middle + 1.96 * spread],
    cost_share: mean(each.map(({ cost_share }) => cost_share)),
    largest_cost_share: Math.max(...each.map(({ cost_share }) => cost_share)),
    each,
  };
}
