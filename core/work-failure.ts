import type { Command } from './cascade.ts';
import type { StageOutcome } from './climb-log.ts';
import type { FailureKind } from './failure.ts';
import { DENIED, failureType, UNSCORED, type AttemptSummary } from './result.ts';

/** How the work on a command failed, as far as the cascade cares. */
export interface WorkFailure {
  /** Of an `ApplicationFailure`; null for any other failure. */
  readonly type: string | null;
  readonly message: string;
  readonly nonRetryable: boolean;
  /** It took longer than it may. */
  readonly timedOut: boolean;
  readonly details: Partial<CallFailure>;
}

/** An `ApplicationFailure` of Temporal's. */
interface Application {
  readonly type?: string | undefined | null;
  readonly nonRetryable?: boolean | undefined | null;
  readonly details?: unknown[] | undefined | null;
}

/** @param application the error, where it is one. @param timedOut whether it says that something took longer than it may. */
export function workFailure(error: unknown, application: Application | null, timedOut: boolean): WorkFailure {
  return {
    type: application === null ? null : (application.type ?? ''),
    message: error instanceof Error ? error.message : String(error),
    nonRetryable: application?.nonRetryable === true,
    timedOut,
    details: application?.details?.[0] ?? {},
  };
}

/** The first detail of a failure of type `provider.<kind>`. */
export interface CallFailure {
  readonly kind: FailureKind;
  readonly attempts: readonly AttemptSummary[];
  /** Milliseconds that the provider asks to wait before another try; absent in old histories. */
  readonly retryAfterMs?: number | null;
}

/** Whether a failure's first detail is that of a call. */
export function isCallFailure(detail: unknown): detail is CallFailure {
  return typeof detail === 'object' && detail !== null && 'kind' in detail && 'attempts' in detail;
}

/** Where a vendor says nothing, as long as Temporal waits before an activity's second attempt. */
const FIRST_INTERVAL_MS = 1_000;

/** Milliseconds to wait before failed work is tried again; null where it is not to be. */
export function retryDelay({ timedOut, type, nonRetryable, details }: WorkFailure): number | null {
  if (timedOut) return FIRST_INTERVAL_MS;
  return type === null || nonRetryable ? null : (details.retryAfterMs ?? FIRST_INTERVAL_MS);
}

/**
 * What work that has failed for good means to the cascade. What it bought all the same is kept.
 * @returns null where it means nothing to the cascade: the failure is the query's own.
 */
export function outcomeOf(failure: WorkFailure, command: Command['type']): StageOutcome | null {
  const { type, message, timedOut, details } = failure;
  const attempts = details.attempts ?? [];
  const failed = (kind: FailureKind): StageOutcome => ({
    happening: { type: 'failed', kind },
    attempts,
    record: { failure: message },
  });
  if (timedOut) return failed('timeout');
  // The ledger cannot go on with a query that had ended before this run came to it.
  if (type === null || type === failureType('answer-not-retained')) return null;
  if (type === DENIED) {
    return { happening: { type: 'denied' }, attempts, record: { failure: message, denied: true } };
  }
  if (type === UNSCORED) return failed('unscored');
  // Without a kind it is Temporal's own word, such as a result over its size limit: asking again would give the same.
  return failed(details.kind ?? (command === 'call' ? 'unknown-response' : 'unscored'));
}
