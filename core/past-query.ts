import type { Outcome } from './cascade.ts';
import type { Verdict } from './verdict.ts';
import type { FailureKind } from './failure.ts';
import type { Purpose } from './policy.ts';
import type { Spend } from './spend.ts';

/** A query that has ended, as the ledger keeps it: what its decisions can be taken again from. */
export interface PastQuery {
  readonly queryId: string;
  /** ISO 8601 with microseconds. */
  readonly startedAt: string;
  readonly policyVersion: number;
  readonly outcome: Outcome;
  readonly servedAttemptId: string | null;
  /** Of the served candidate by the latest scores; null where nothing was served, or never scored. */
  readonly confidence: number | null;
  /** Audits left out; by stage, then by try. */
  readonly attempts: readonly PastAttempt[];
}

export interface PastAttempt {
  readonly attemptId: string;
  readonly purpose: Purpose;
  readonly stage: number;
  readonly model: string;
  readonly status: 'started' | 'succeeded' | 'failed' | 'cancelled' | 'orphaned';
  readonly verdict: Verdict | null;
  /** Of its own candidate when its stage was scored: 0 without an answer, null where it was not scored. */
  readonly confidence: number | null;
  /** Null where the query ended without a judgement on it. */
  readonly threshold: number | null;
  readonly failureKind: FailureKind | null;
  readonly inputTokens: number | null;
  readonly spend: Spend;
  /** The newest label; null where there is none. */
  readonly correct: boolean | null;
}
