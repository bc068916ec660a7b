import type { Outcome } from './cascade.ts';
import type { Verdict } from './verdict.ts';
import type { FailureKind } from './failure.ts';
import type { JsonObject, Purpose } from './policy.ts';
import type { SpendJson } from './spend.ts';

export type AttemptStatus = 'started' | 'succeeded' | 'failed' | 'cancelled' | 'orphaned';

/** One attempt as callers and engineers see it; the ledger's row holds more. */
export interface AttemptSummary extends SpendJson {
  readonly attemptId: string;
  readonly purpose: Purpose;
  /** Place in the chain, from 0. */
  readonly stage: number;
  /** Which request for the same call it was, from 1. */
  readonly try: number;
  readonly provider: string;
  readonly model: string;
  readonly status: AttemptStatus;
  readonly failure: FailureKind | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly latencyMs: number | null;
  /** Of its candidate when the stage was scored, in [0, 1]; null where it was not scored. */
  readonly confidence: number | null;
  readonly threshold: number | null;
  /** Null while the query runs, and where nothing was served. */
  readonly verdict: Verdict | null;
}

/** What a cascade returns. */
export interface CascadeAnswer extends SpendJson {
  readonly queryId: string;
  /** When the query first started (ISO 8601): with its id, where it lies in the ledger. */
  readonly startedAt: string;
  readonly task: string;
  readonly policyVersion: number;
  readonly outcome: Outcome;
  /** Whether the policy ended as it should: `accepted` or `last-stage`. False when a limit or a failure cut it short. */
  readonly accepted: boolean;
  /** The served text; for tool calls without content their canonical JSON. */
  readonly text: string;
  /** The served assistant message as its provider sent it (tool calls, refusals, annotations). */
  readonly message: JsonObject;
  readonly finishReason: string | null;
  /** The model that gave the answer. */
  readonly model: string;
  /** Its place in the chain, from 0. */
  readonly stage: number;
  /** What the task's extractor found in the text. */
  readonly answer: string | null;
  /** P(answer is right) by the task's scorer, in [0, 1]; null where it was not scored. */
  readonly confidence: number | null;
  /** The threshold of the stage at which the cascade stopped. */
  readonly threshold: number;
  readonly attempts: readonly AttemptSummary[];
}

/** Why there is no answer: the codes of every error that a caller can meet. */
export const ERROR_CODES = [
  'bad-request',
  'unknown-task',
  'key-conflict',
  'answer-not-retained',
  'budget',
  'deadline',
  'exhausted',
  'failed',
  'cancelled',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The first detail of a workflow failure of type `escalier.<code>`: what happened, and what it cost all the same. */
export interface CascadeErrorDetails extends SpendJson {
  readonly code: ErrorCode;
  readonly message: string;
  readonly queryId: string | null;
  readonly task: string | null;
  readonly attempts: readonly AttemptSummary[];
}

/** The type of the Temporal failure that carries an error code. */
export function failureType(code: ErrorCode): string {
  return `escalier.${code}`;
}

/** Failure types of activities that the workflow tells apart from a provider's (`provider.<kind>`). */
export const DENIED = 'escalier.denied';
export const UNSCORED = 'escalier.unscored';
export const QUERY_LOST = 'escalier.query-lost';
export const CANCEL_HEARD = 'escalier.cancel-heard';
