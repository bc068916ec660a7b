import { costOf, type Price } from '../core/price.ts';
import { messageText } from '../core/message.ts';
import { usdOf } from '../core/usd.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import { recordedUsage } from '../recorded/usage.ts';
import { allBaselines } from './baselines/all.ts';
import type { Outcomes } from './baselines/outcomes.ts';
import { majorityVote } from './baselines/vote.ts';
import { comparedModels } from './compared-models.ts';
import { compare, type Comparison } from './compare.ts';
import type { LeftOut } from './left-out.ts';
import { policyFigures, type PolicyFigures } from './policy-figures.ts';
import { simulateQuery, type SimulatedPolicy } from './simulate.ts';

export interface Evaluation {
  /** Queries that the figures are of. */
  readonly queries: number;
  /** Queries in no figure: a model of the chain, or one that is compared, has no labelled response to them. */
  readonly leftOut: number;
  /** Models that are not compared with. */
  readonly modelsLeftOut: readonly LeftOut[];
  /** Queries that mixture and router were chosen on; null where there were none beside those of the figures. */
  readonly trainQueries: number | null;
  readonly policy: PolicyFigures;
  readonly comparisons: readonly Comparison[];
}

export interface EvaluationInput {
  /** Measured on. */
  readonly queries: readonly RecordedQuery[];
  /** What mixture and router are chosen on; empty for none. No query of {@link queries}. */
  readonly train: readonly RecordedQuery[];
  readonly response: (model: string, queryId: string) => RecordedResponse | undefined;
  /** To be compared with, those of the chain too. */
  readonly models: readonly { readonly model: string; readonly price: Price }[];
  /** Of the resamples. */
  readonly seed: number;
}

/**
 * A policy on recorded responses, and what else could be done with the same models. Every figure has a bootstrap interval
 * of 95%. Costs are in USD.
 * @throws {Error} when no query is left, or the scorer asks a model.
 */
export async function evaluate(policy: SimulatedPolicy, input: EvaluationInput): Promise<Evaluation> {
  const { response, models, seed } = input;
  const chain = policy.stages.map(({ model }, stage) => ({ model, price: priceOf(policy, stage) }));
  const { isComplete, ...compared } = comparedModels(
    chain.map(({ model }) => model),
    models,
    [...input.queries, ...input.train],
    response,
  );
  const queries = input.queries.filter(isComplete);
  if (queries.length === 0) {
    throw new Error(
      `no query has a labelled response of every model of the chain (${chain.map(({ model }) => model).join(', ')})`,
    );
  }
  const runs = [];
  for (const query of queries)
    runs.push(await simulateQuery(policy, query, (model) => response(model, query.id)));

  const train = input.train.filter(isComplete);
  const alone = compared.models.map(({ model, price }) => ({
    model,
    outcomes: modelOutcomes(model, price, queries, response),
    onTrain: modelOutcomes(model, price, train, response),
  }));
  const stages = chain.map(({ model, price }) => modelOutcomes(model, price, queries, response));
  const own: Outcomes = {
    cost: runs.map(({ cost }) => usdOf(cost)),
    right: runs.map(({ correct }) => (correct === true ? 1 : 0)),
  };
  const figures = policyFigures(policy, runs, stages.at(-1)?.cost ?? [], seed);
  const baselines = allBaselines({
    policyCost: own.cost,
    chain: stages,
    goesOn: figures.escalation
      .slice(0, -1)
      .map(({ wentOn }) => (Number.isNaN(wentOn.value) ? 0 : wentOn.value)),
    voteRight: runs.map(({ bought }) =>
      bought[majorityVote(bought.map(({ answer }) => answer))]?.correct === true ? 1 : 0,
    ),
    models: alone,
    prompts: queries.map(promptText),
    train:
      train.length === 0
        ? null
        : { prompts: train.map(promptText), models: alone.map(({ onTrain }) => onTrain) },
  });
  return {
    queries: queries.length,
    leftOut: input.queries.length - queries.length,
    modelsLeftOut: compared.leftOut,
    trainQueries: train.length === 0 ? null : train.length,
    policy: figures,
    comparisons: baselines.map((baseline) => compare(own, baseline, seed)),
  };
}

/** One model alone, in USD, on queries to which it has labelled responses. */
function modelOutcomes(
  model: string,
  price: Price,
  queries: readonly RecordedQuery[],
  response: EvaluationInput['response'],
): Outcomes {
  const recorded = queries.map(({ id }) => required(response(model, id)));
  return {
    cost: recorded.map((own) => usdOf(costOf(recordedUsage(own), price.rates))),
    right: recorded.map(({ correct }) => required(correct)),
  };
}

/** What a query's messages say. */
function promptText({ messages }: RecordedQuery): string {
  return messages.map(messageText).join('\n');
}

function priceOf(policy: SimulatedPolicy, stage: number): Price {
  return required(policy.prices[stage]);
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined)
    throw new RangeError('a policy has a price for each stage, and a query all its responses');
  return value;
}
