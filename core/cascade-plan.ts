import type { DecimalUsd } from './money.ts';
import type { Limits } from './policy.ts';
import type { Spend } from './spend.ts';
import { thresholdAfter, type StopRule } from './stop-rule.ts';
import { usdOf } from './usd.ts';

/** What the decisions are made from; a workflow's `Plan` is one. */
export interface CascadePlan {
  /** In ascending price order. `worstCaseUsd` bounds one request, null where nothing does. */
  readonly stages: readonly { readonly model: string; readonly worstCaseUsd: DecimalUsd | null }[];
  /** Confidence that accepts the best candidate after each stage, in [0, 1]; as long as `stages`. */
  readonly thresholds: readonly number[];
  /**
   * Present where thresholds depend on what a query has spent: it says them then, and `thresholds` are for a query that spends
   * as much as queries do in the mean.
   */
  readonly stopRule?: StopRule;
  readonly scorer: { readonly scoresLastStage: boolean; readonly worstCaseUsd: DecimalUsd | null };
  readonly limits: Limits;
  /** How accurate each stage's model is, where that was learned: see `spokesman` in `cascade.ts`. As long as `stages`. */
  readonly modelAccuracy?: readonly number[];
}

/** What makes a plan impossible to follow, or null. */
export function planProblem(plan: CascadePlan): string | null {
  if (plan.stages.length === 0) return 'the chain is empty: it needs at least one model';
  if (plan.thresholds.length !== plan.stages.length) {
    return `${plan.thresholds.length} thresholds for ${plan.stages.length} stages`;
  }
  if (plan.modelAccuracy !== undefined && plan.modelAccuracy.length !== plan.stages.length) {
    return `accuracies of ${plan.modelAccuracy.length} models for ${plan.stages.length} stages`;
  }
  const wrong = plan.thresholds.find((threshold) => !(threshold >= 0 && threshold <= 1));
  if (wrong !== undefined) return `the threshold ${wrong} is not in [0, 1]`;
  const { stopRule } = plan;
  if (stopRule?.type === 'value' && stopRule.steps.length !== plan.stages.length - 1) {
    return `a stop rule of ${stopRule.steps.length} steps for ${plan.stages.length} stages`;
  }
  return null;
}

/** The confidence that accepts the best candidate after a stage, of a query that has spent so much by then. */
export function thresholdAt(plan: CascadePlan, stage: number, { low }: Spend): number {
  const { stopRule, thresholds, stages } = plan;
  if (stopRule === undefined) return thresholds[stage] ?? 1;
  return thresholdAfter(stopRule, stage, stages.length, usdOf(low));
}
