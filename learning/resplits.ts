import { studentQuantile } from '../core/beta.ts';
import { mean } from './baselines/outcomes.ts';
import type { Dataset } from './dataset.ts';
import { fitScorers, learnPolicy, measure, NoPolicy, type Goal, type LearnOptions } from './learn.ts';
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

/**
 * Means over the resplits that gave a policy; shares in [0, 1]. The interval says how much the mean varies with the choice of halves,
 * given this set: the halves overlap and share its queries, so it does not say how far another set's would be from it.
 */
export interface ResplitSummary {
  /** As many as were asked for, failed ones too. */
  readonly splits: number;
  readonly accuracy_difference: number;
  /**
   * Of {@link accuracy_difference}, which is paired, since both are measured on the same halves: mean ± t · sd / √splits, with Student's
   * factor for 95%. All of [−1, 1] for a single resplit, which has no spread.
   */
  readonly accuracy_interval: readonly [number, number];
  readonly cost_share: number;
  readonly largest_cost_share: number;
  readonly each: readonly Resplit[];
  /** Those that gave no policy, by their numbers from 1. */
  readonly failed: readonly { readonly split: number; readonly why: string }[];
}

/**
 * How well learning does, and not just once: halves by hash, learned on one, measured on the other, whose labels nothing
 * before has read.
 * @param datasetFor the dataset of these queries, where the labels of those with these numbers may be read.
 * @param onSplit is told each result as it comes, or why there is none.
 * @throws {Error} where no half gives a policy.
 */
export function resplit(
  queries: Dataset['queries'],
  datasetFor: (train: readonly number[]) => Dataset,
  goal: Goal,
  options: LearnOptions,
  splits: number,
  onSplit: (split: number, result: Resplit | NoPolicy) => void,
): ResplitSummary {
  const each: Resplit[] = [];
  const failed: { split: number; why: string }[] = [];
  for (let split = 1; split <= splits; split++) {
    const halves = halvesByHash(queries, `resplit ${options.seed} ${split}`);
    const result = resplitOnce(datasetFor(halves.train), halves, goal, options);
    if (result instanceof NoPolicy) failed.push({ split, why: result.message });
    else each.push(result);
    onSplit(split, result);
  }
  if (each.length === 0)
    throw new Error(`none of ${splits} halves gave a policy; of the first: ${failed[0]?.why}`);
  return { splits, ...summaryOf(each), each, failed };
}

function resplitOnce(
  data: Dataset,
  { train, test }: { readonly train: readonly number[]; readonly test: readonly number[] },
  goal: Goal,
  options: LearnOptions,
): Resplit | NoPolicy {
  try {
    const fitted = fitScorers(data, train, options);
    const { policy } = learnPolicy(data, fitted, goal, options);
    const figures = measure(data, fitted, policy, test);
    return {
      chain: policy.chain,
      accuracy: figures.accuracy,
      reference: policy.reference,
      accuracy_difference: figures.accuracy - figures.reference_accuracy,
      cost_share: figures.cost_share,
      promised_accuracy: policy.promised.accuracy,
      promised_cost_share: policy.promised.costShare,
    };
  } catch (error) {
    if (error instanceof NoPolicy) return error;
    throw error;
  }
}

function summaryOf(each: readonly Resplit[]): Omit<ResplitSummary, 'splits' | 'each' | 'failed'> {
  const n = each.length;
  const differences = each.map(({ accuracy_difference }) => accuracy_difference);
  const middle = mean(differences);
  const error = Math.sqrt(mean(differences.map((value) => (value - middle) ** 2)) / (n - 1));
  const reach = n === 1 ? null : studentQuantile(0.975, n - 1) * error;
  return {
    accuracy_difference: middle,
    accuracy_interval: reach === null ? [-1, 1] : [middle - reach, middle + reach],
    cost_share: mean(each.map(({ cost_share }) => cost_share)),
    largest_cost_share: Math.max(...each.map(({ cost_share }) => cost_share)),
  };
}
