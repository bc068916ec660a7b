import {
  bootstrapMean,
  bootstrapRatio,
  bootstrapShare,
  pairedBootstrap,
  type Estimate,
} from './bootstrap.ts';
import type { Outcomes } from './baselines/outcomes.ts';

/** Another way of answering the same queries, and how a policy differs from it. */
export interface Comparison {
  readonly name: string;
  /** What it stands for here, such as a model's name or the shares of a mixture; null where the name says it all. */
  readonly detail: string | null;
  /** Mean per query, in the outcomes' unit. */
  readonly cost: Estimate;
  readonly accuracy: Estimate;
  /** The policy's cost as a share of its. */
  readonly costShare: Estimate;
  /** Policy minus it, per query. */
  readonly costDifference: Estimate;
  /** Policy minus it, as a share: 0.01 is one point. */
  readonly accuracyDifference: Estimate;
}

export interface NamedOutcomes {
  readonly name: string;
  readonly detail: string | null;
  readonly outcomes: Outcomes;
}

/** Paired: both are of the same queries, in the same order. */
export function compare(policy: Outcomes, other: NamedOutcomes, seed: number): Comparison {
  const { name, detail, outcomes } = other;
  return {
    ...{ name, detail },
    cost: bootstrapMean(outcomes.cost, seed),
    accuracy: bootstrapShare(outcomes.right, seed),
    costShare: bootstrapRatio(policy.cost, outcomes.cost, seed),
    costDifference: pairedBootstrap(policy.cost, outcomes.cost, seed),
    accuracyDifference: pairedBootstrap(policy.right, outcomes.right, seed),
  };
}
