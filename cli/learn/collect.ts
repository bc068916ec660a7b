import { costShareOf } from '../../learning/cost-share.ts';
import type { Dataset } from '../../learning/dataset.ts';
import { figuresOf, type LearnedFigures } from '../../learning/figures.ts';
import type { LeftOut } from '../../learning/left-out.ts';
import { labelDisagreement } from '../../learning/label-disagreement.ts';
import { rightAnswers } from '../../learning/right-answers.ts';
import { modelsOf } from '../../learning/learn.ts';
import { modelsOn } from '../../learning/pool.ts';
import { frontierOf } from '../../learning/search.ts';
import { Tables } from '../../learning/tables.ts';
import type { Fitted } from '../../learning/learn.ts';
import type { LearnedSomehow } from '../commands/learn.ts';
import { mixtureOf } from './mixture.ts';
import type { LearnResult, SingleModelFigures } from './result.ts';

/** Everything that is said of what was learned, once it has been hashed and measured. */
export function learnResult(input: {
  readonly dataset: Dataset;
  /** Numbers of the queries that nothing was learned from, and what the policy did there. */
  readonly test: readonly number[];
  readonly figures: LearnedFigures | null;
  readonly learned: LearnedSomehow;
  readonly policySha256: string;
  readonly leftOut: readonly LeftOut[];
  readonly goal: string;
  readonly seed: number;
}): LearnResult {
  const { dataset, learned } = input;
  const { policy, fitted, compared, certification } = learned;
  const chain = policy.chain.map((model) => dataset.models.indexOf(model));
  const judgeOf = (position: number) => fitted.fit.judges[position]!;
  const { rule, promised } = policy;
  const referenceCost = fitted.reference.costUsd;
  const train = figuresOf(
    dataset,
    fitted.queries,
    new Tables(dataset, fitted.queries, judgeOf).chain(chain),
    rule,
    fitted.reference.model,
    judgeOf,
  );
  const models = singles(dataset, fitted, input.test);
  return {
    task: policy.task,
    goal: input.goal,
    seed: input.seed,
    answer: dataset.answer,
    chain: policy.chain,
    rule: rule.type,
    parameters:
      rule.type === 'threshold'
        ? { threshold: rule.threshold }
        : { lambda_usd: rule.lambdaUsd, steps: rule.steps },
    thresholds: policy.thresholds,
    recommendation: chain.length === 1 ? 'single-model' : 'cascade',
    reference: policy.reference,
    ...modelsOf(dataset.evidence),
    policies_compared: compared,
    promised: {
      accuracy: promised.accuracy,
      cost_usd_per_query: promised.costUsdPerQuery,
      cost_share: promised.costShare,
    },
    train,
    test: input.figures,
    models,
    best_mixture: {
      train: mixtureOf(models, 'train', train.cost_share),
      test: input.figures && mixtureOf(models, 'test', input.figures.cost_share),
    },
    frontier: frontierOf(fitted.tables).map((point) => ({
      cost_share: costShareOf(point.costUsd, referenceCost),
      accuracy: point.accuracy,
      chain: point.table.chain.map((model) => dataset.models[model]!),
    })),
    label_disagreement: labelDisagreement(dataset, fitted.queries),
    right_answers: rightAnswers(dataset, fitted.queries),
    left_out: input.leftOut,
    certification,
    resplits: null,
    policy_sha256: input.policySha256,
    scorer_sha256: policy.scorerSha256,
  };
}

function singles(
  data: Dataset,
  { queries, pool, reference }: Fitted,
  test: readonly number[],
): SingleModelFigures[] {
  const shares = (of: readonly number[]) => {
    const figures = modelsOn(data, of);
    return figures.map(({ accuracy, costUsd }) => ({
      accuracy,
      cost_share: costShareOf(costUsd, figures[reference.model]!.costUsd),
    }));
  };
  const onTrain = shares(queries);
  const onTest = test.length === 0 ? null : shares(test);
  return data.models.map((model, at) => ({
    model,
    in_pool: pool.includes(at),
    train: onTrain[at]!,
    test: onTest?.[at] ?? null,
  }));
}
