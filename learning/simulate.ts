import { extractAnswer, type AnswerSpec } from '../core/answer.ts';
import {
  begin,
  step,
  type CascadeEvent,
  type CascadeState,
  type Outcome,
  type Served,
} from '../core/cascade.ts';
import type { CascadePlan } from '../core/cascade-plan.ts';
import { verdicts, type Verdict } from '../core/verdict.ts';
import type { DecimalUsd, Picodollars } from '../core/money.ts';
import { costOf, type Price } from '../core/price.ts';
import { exactly } from '../core/spend.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import { recordedUsage } from '../recorded/usage.ts';
import type { Score, ScoredResponse } from '../scorers/scorer.ts';
import type { EvidenceOf, ScoringSpend, SimulatedEvidence } from './simulated-evidence.ts';
import { responseToScore } from './scored-response.ts';

/** A policy over recorded models: what the workflow's plan is, without the connections. */
export interface SimulatedPolicy extends CascadePlan {
  readonly answer: AnswerSpec;
  readonly score: Score;
  /** Of each stage, in the order of the chain. */
  readonly prices: readonly Price[];
  /** The most that each stage's call can cost for a query: for a policy with a limit on it, which asks before each call. */
  readonly worstCases?: (query: RecordedQuery) => readonly (DecimalUsd | null)[];
  /** Where the scorer asks a judge or an embedder. */
  readonly evidence?: EvidenceOf;
}

/** What a response's money went into: the class that the ledger's view `attempt_spend` puts it in. */
export type SimulatedClass = 'accepted' | 'fallback' | 'corroborated' | 'discarded' | 'unanswered';

/** A response that was bought. */
export interface SimulatedCall {
  readonly stage: number;
  readonly answer: string | null;
  readonly cost: Picodollars;
  readonly spendClass: SimulatedClass;
  /** Its label; null where there is none. */
  readonly correct: boolean | null;
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
  /** In the order of the calls. */
  readonly bought: readonly SimulatedCall[];
  /** What of {@link cost} went to the scorer's judge and embedder, by stage; absent where it asks neither. */
  readonly scoring?: readonly ScoringSpend[];
}

/**
 * One query through the same state machine as the workflow, with recorded responses instead of calls: what it decides is
 * what would be served. Time stands still, so deadlines do not bite.
 * @param responses of the query, by model.
 * @throws {Error} when the recorded set lacks a response that the cascade asks for, or the scorer asks a model without
 *   recorded evidence.
 */
export async function simulateQuery(
  policy: SimulatedPolicy,
  query: RecordedQuery,
  responses: (model: string) => RecordedResponse | undefined,
): Promise<SimulatedQuery> {
  const bought: { recorded: RecordedResponse; scored: ScoredResponse }[] = [];
  let called = 0n;
  const evidence = policy.evidence?.(query.id, (stage) => policy.stages[stage]?.model ?? '');
  const event = (happened: object): CascadeEvent =>
    ({ ...happened, spent: exactly(called + scoringCost(evidence)), elapsedMs: 0 }) as CascadeEvent;

  const plan = planOf(policy, query);
  let { state, command } = begin(plan, { spent: exactly(0n), elapsedMs: 0 });
  while (command.type !== 'finish') {
    let happened: object;
    if (command.type === 'call') {
      const model = policy.stages[command.stage]?.model ?? '';
      const recorded = responses(model);
      if (recorded === undefined)
        throw new Error(`the recorded set has no response of ${model} to ${query.id}`);
      called += costOf(recordedUsage(recorded), priceAtStage(policy, command.stage).rates);
      const answer = extractAnswer(recorded.text, policy.answer, command.stage);
      bought.push({ recorded, scored: responseToScore(recorded, command.stage, answer) });
      happened = { type: 'answered', attemptId: String(command.stage), answer };
    } else {
      const scores = await policy.score(
        scoredQuery(query),
        bought.map(({ scored }) => scored),
        evidence?.context ?? NO_CONTEXT,
      );
      happened = { type: 'scored', scores };
    }
    ({ state, command } = step(plan, state, event(happened)));
  }
  return summary(policy, query, command.outcome, command.served, state, { called, evidence }, bought);
}

function planOf(policy: SimulatedPolicy, query: RecordedQuery): CascadePlan {
  const worst = policy.worstCases?.(query);
  if (worst === undefined) return policy;
  return {
    ...policy,
    stages: policy.stages.map((stage, at) => ({ ...stage, worstCaseUsd: worst[at] ?? null })),
  };
}

function summary(
  policy: SimulatedPolicy,
  query: RecordedQuery,
  outcome: Outcome,
  served: Served | null,
  state: CascadeState,
  { called, evidence }: { called: Picodollars; evidence: SimulatedEvidence | undefined },
  responses: readonly { recorded: RecordedResponse; scored: ScoredResponse }[],
): SimulatedQuery {
  const judged = verdicts(state, served);
  const bought = responses.map(({ recorded, scored: { stage, answer } }) => ({
    stage,
    answer,
    cost: costOf(recordedUsage(recorded), priceAtStage(policy, stage).rates),
    spendClass: classOf(served, judged.get(String(stage))),
    correct: recorded.correct === undefined ? null : recorded.correct === 1,
  }));
  return {
    id: query.id,
    outcome,
    servedStage: served?.stage ?? null,
    confidence: served?.confidence ?? null,
    calls: state.responses.length,
    cost: called + scoringCost(evidence),
    correct: bought.find(({ stage }) => stage === served?.stage)?.correct ?? null,
    bought,
    ...(evidence === undefined ? {} : { scoring: evidence.spent() }),
  };
}

function scoringCost(evidence: SimulatedEvidence | undefined): Picodollars {
  if (evidence === undefined) return 0n;
  return evidence.spent().reduce((sum, { judging, embedding }) => sum + judging + embedding, 0n);
}

function classOf(served: Served | null, verdict: Verdict | undefined): SimulatedClass {
  if (served === null) return 'unanswered';
  if (verdict === 'corroborated') return 'corroborated';
  if (verdict !== 'accepted') return 'discarded';
  return served.confidence !== null && served.confidence >= served.threshold ? 'accepted' : 'fallback';
}

const NO_CONTEXT = {
  signal: new AbortController().signal,
  ask: () =>
    Promise.reject(new Error('a recorded set holds no judge’s replies: this scorer cannot be simulated')),
  embed: () => Promise.reject(new Error('this scorer cannot be simulated: it embeds texts')),
};

function priceAtStage(policy: SimulatedPolicy, stage: number): Price {
  const price = policy.prices[stage];
  if (price === undefined) throw new RangeError(`no price for stage ${stage + 1}`);
  return price;
}

function scoredQuery(query: RecordedQuery) {
  return { task: query.task, messages: query.messages, parameters: {} };
}
