import { extractAnswer, type AnswerSpec } from '../core/answer.ts';
import {
  begin,
  step,
  type CascadePlan,
  type CascadeEvent,
  type CascadeState,
  type Outcome,
} from '../core/cascade.ts';
import type { Picodollars } from '../core/money.ts';
import { costOf, type Price } from '../core/price.ts';
import { exactly } from '../core/spend.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import { recordedUsage } from '../recorded/usage.ts';
import type { Score, ScoredResponse } from '../scorers/scorer.ts';
import { responseToScore } from './scored-response.ts';

/** A policy over recorded models: what the workflow's plan is, without the connections. */
export interface SimulatedPolicy extends CascadePlan {
  readonly answer: AnswerSpec;
  readonly score: Score;
  /** Of each stage, in the order of the chain. */
  readonly prices: readonly Price[];
}

export interface SimulatedQuery {
  readonly id: string;
  readonly outcome: Outcome;
  /** The stage whose response was served; null where nothing was. */
  readonly servedStage: number | null;
  readonly confidence: number | null;
  /** How many stages were called. */
  readonly calls: number;
  readonly cost: Picodollars;
  /** The label of the served response; null where there is none. */
  readonly correct: boolean | null;
}

/**
 * One query through the same state machine as the workflow, with recorded responses instead of calls: what it decides is
 * what would be served. Time stands still, so deadlines do not bite.
 * @param responses of the query, by model.
 * @throws {Error} when the recorded set lacks a response that the cascade asks for, or the scorer asks a model.
 */
export async function simulateQuery(
  policy: SimulatedPolicy,
  query: RecordedQuery,
  responses: (model: string) => RecordedResponse | undefined,
): Promise<SimulatedQuery> {
  const bought: { recorded: RecordedResponse; scored: ScoredResponse }[] = [];
  let cost = 0n;
  const event = (happened: object): CascadeEvent =>
    ({ ...happened, spent: exactly(cost), elapsedMs: 0 }) as CascadeEvent;

  let { state, command } = begin(policy, { spent: exactly(0n), elapsedMs: 0 });
  while (command.type !== 'finish') {
    let happened: object;
    if (command.type === 'call') {
      const model = policy.stages[command.stage]?.model ?? '';
      const recorded = responses(model);
      if (recorded === undefined)
        throw new Error(`the recorded set has no response of ${model} to ${query.id}`);
      cost += costOf(recordedUsage(recorded), priceAtStage(policy, command.stage).rates);
      const answer = extractAnswer(recorded.text, policy.answer, command.stage);
      bought.push({ recorded, scored: responseToScore(recorded, command.stage, answer) });
      happened = { type: 'answered', attemptId: String(command.stage), answer };
    } else {
      const scores = await policy.score(
        scoredQuery(query),
        bought.map(({ scored }) => scored),
        NO_CONTEXT,
      );
      happened = { type: 'scored', scores };
    }
    ({ state, command } = step(policy, state, event(happened)));
  }
  return summary(query, command.outcome, command.served, state, cost, bought);
}

function summary(
  query: RecordedQuery,
  outcome: Outcome,
  served: { stage: number; confidence: number | null } | null,
  state: CascadeState,
  cost: Picodollars,
  bought: readonly { recorded: RecordedResponse; scored: ScoredResponse }[],
): SimulatedQuery {
  const label = bought.find(({ scored }) => scored.stage === served?.stage)?.recorded.correct;
  return {
    id: query.id,
    outcome,
    servedStage: served?.stage ?? null,
    confidence: served?.confidence ?? null,
    calls: state.responses.length,
    cost,
    correct: label === undefined ? null : label === 1,
  };
}

const NO_CONTEXT = {
  signal: new AbortController().signal,
  ask: () =>
    Promise.reject(new Error('a recorded set holds no judge’s replies: this scorer cannot be simulated')),
};

function priceAtStage(policy: SimulatedPolicy, stage: number): Price {
  const price = policy.prices[stage];
  if (price === undefined) throw new RangeError(`no price for stage ${stage + 1}`);
  return price;
}

function scoredQuery(query: RecordedQuery) {
  return { task: query.task, messages: query.messages, parameters: {} };
}
