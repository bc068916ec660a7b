import { begin, step, type CascadeEvent, type Outcome, type Served } from '../../core/cascade.ts';
import { type CascadePlan, thresholdAt } from '../../core/cascade-plan.ts';
import type { PastAttempt, PastQuery } from '../../core/past-query.ts';
import { NOTHING, sumSpend, type Spend } from '../../core/spend.ts';
import type { StopRule } from '../../core/stop-rule.ts';
import { responseAt, type Evidence, type UnknownReason } from './evidence.ts';

/** A policy that past queries are decided by again. */
export interface WhatIf {
  /** By the models' names. */
  readonly chain: readonly string[];
  readonly thresholds: readonly number[];
  /** Where thresholds depend on what a query has spent: see `CascadePlan`. */
  readonly stopRule?: StopRule;
  readonly scoresLastStage: boolean;
  readonly modelAccuracy: readonly number[] | null;
  /** Whether queries pay for the scoring that they paid for then: it is the same scorer. */
  readonly sameScorer: boolean;
}

/** What another policy would have made of a past query. Nothing is filled in. */
export type ReDecision =
  /** Everything that it would have bought was bought. */
  | {
      readonly class: 'exact';
      readonly outcome: Outcome;
      readonly servedAttemptId: string | null;
      readonly cost: Spend;
      /** The label of what would be served; null where there is none, or nothing would be served. */
      readonly correct: boolean | null;
    }
  /** It would have called a stage that was not called. `next` is the first of them, from 0. */
  | { readonly class: 'bounded'; readonly next: number; readonly spent: Spend }
  | { readonly class: 'unknown'; readonly reason: UnknownReason };

/**
 * Decides a past query again, by the state machine that serves. Limits on money and time are taken to leave as much room as
 * they did: what ended the query then, when it asked for the same call, ends it again.
 * @param recorded the models of the chain that the query was pinned to, by name.
 */
export async function reDecide(
  query: PastQuery,
  recorded: readonly string[],
  whatIf: WhatIf,
  evidence: Evidence,
): Promise<ReDecision> {
  const plan: CascadePlan = {
    stages: whatIf.chain.map((model) => ({ model, worstCaseUsd: null })),
    thresholds: whatIf.thresholds,
    ...(whatIf.stopRule === undefined ? {} : { stopRule: whatIf.stopRule }),
    scorer: { scoresLastStage: whatIf.scoresLastStage, worstCaseUsd: '0' },
    limits: { maxCostUsd: null, deadlineMs: null },
    ...(whatIf.modelAccuracy === null ? {} : { modelAccuracy: whatIf.modelAccuracy }),
  };
  const unknown = (reason: UnknownReason): ReDecision => ({ class: 'unknown', reason });
  let scoredUpTo = -1;
  let { state, command } = begin(plan, { spent: NOTHING, elapsedMs: 0 });
  while (command.type !== 'finish') {
    const { stage } = command;
    let happened: object;
    // No limit asks for it, but the stop rule may.
    const spent = spentUpTo(query, whatIf, stage, command.type === 'score' ? stage : stage - 1);
    if (command.type === 'call') {
      if (whatIf.chain[stage] !== recorded[stage]) return unknown('another-chain');
      const called = calledAt(query, stage);
      const last = called.at(-1);
      const response = responseAt(query, stage);
      if (last === undefined) {
        if (endedByItself(query))
          return { class: 'bounded', next: stage, spent: spentUpTo(query, whatIf, stage - 1, scoredUpTo) };
        return asItEnded(query, whatIf, evidence);
      }
      if (response === null) {
        if (last.status !== 'failed' && calledAt(query, stage + 1).length === 0)
          return asItEnded(query, whatIf, evidence);
        happened = { type: 'failed', kind: last.failureKind ?? 'timeout' };
      } else {
        happened = {
          type: 'answered',
          attemptId: response.attemptId,
          answer: evidence.answerOf(response),
        };
      }
    } else {
      const isLast = stage === whatIf.chain.length - 1;
      const threshold = thresholdAt(plan, stage, spent);
      const scoring = await evidence.scoringAt(stage, state.responses, threshold, isLast);
      if (scoring.type === 'unknown') return unknown(scoring.reason);
      if (scoring.type === 'ends-as-it-did') return asItEnded(query, whatIf, evidence);
      scoredUpTo = stage;
      happened = scoring.type === 'goes-on' ? { type: 'failed', kind: 'unscored' } : { ...scoring };
    }
    ({ state, command } = step(plan, state, { ...happened, spent, elapsedMs: 0 } as CascadeEvent));
  }
  return exact(
    query,
    evidence,
    command.outcome,
    command.served,
    spentUpTo(query, whatIf, state.stage, scoredUpTo),
  );
}

/** Whether its policy was done with it. Else a limit, a cancel or a failure ended it. */
function endedByItself({ outcome }: PastQuery): boolean {
  return outcome === 'accepted' || outcome === 'last-stage' || outcome === 'exhausted';
}

function asItEnded(query: PastQuery, whatIf: WhatIf, evidence: Evidence): ReDecision {
  const served = query.attempts.find(({ attemptId }) => attemptId === query.servedAttemptId);
  const all = Math.max(-1, ...query.attempts.map(({ stage }) => stage));
  return exact(query, evidence, query.outcome, served ?? null, spentUpTo(query, whatIf, all, all));
}

function exact(
  query: PastQuery,
  evidence: Evidence,
  outcome: Outcome,
  served: Pick<Served, 'attemptId'> | null,
  cost: Spend,
): ReDecision {
  return {
    class: 'exact',
    outcome,
    servedAttemptId: served?.attemptId ?? null,
    cost,
    correct: served === null ? null : labelOf(query, evidence, served.attemptId),
  };
}

/** Its own label, else the one that all labelled responses with the same answer agree on. */
export function labelOf(query: PastQuery, evidence: Evidence, attemptId: string): boolean | null {
  const own = query.attempts.find((attempt) => attempt.attemptId === attemptId);
  if (own === undefined || own.correct !== null) return own?.correct ?? null;
  const answer = evidence.answerOf(own);
  const said = query.attempts.flatMap((attempt) =>
    answer !== null &&
    attempt.purpose === 'serve' &&
    attempt.status === 'succeeded' &&
    attempt.correct !== null &&
    evidence.answerOf(attempt) === answer
      ? [attempt.correct]
      : [],
  );
  return said.length > 0 && said.every((label) => label === said[0]) ? (said[0] ?? null) : null;
}

function calledAt({ attempts }: PastQuery, stage: number): PastAttempt[] {
  return attempts.filter((attempt) => attempt.purpose === 'serve' && attempt.stage === stage);
}

/** Retries and lost requests at these stages were paid for, too. */
function spentUpTo(query: PastQuery, { sameScorer }: WhatIf, called: number, scored: number): Spend {
  return sumSpend(
    query.attempts
      .filter(({ purpose, stage }) =>
        purpose === 'score' || purpose === 'embed'
          ? sameScorer && stage <= scored
          : purpose !== 'serve' || stage <= called,
      )
      .map(({ spend }) => spend),
  );
}
