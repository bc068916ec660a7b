import type { AttemptSummary, CascadeErrorDetails, ErrorCode } from '../core/result.ts';
import type { DecimalUsd } from '../core/money.ts';

/** A cascade that gave no answer. `code` is stable; the message says what, where and how to mend it. */
export class CascadeError extends Error {
  override readonly name: string = 'CascadeError';
  readonly code: ErrorCode | 'unavailable';
  readonly queryId: string | null;
  readonly task: string | null;
  /** What was spent all the same; null where it is not known exactly (see the bounds). */
  readonly costUsd: DecimalUsd | null;
  readonly costLowUsd: DecimalUsd;
  readonly costHighUsd: DecimalUsd | null;
  /** Every attempt that was made. */
  readonly attempts: readonly AttemptSummary[];

  constructor(
    details: Omit<CascadeErrorDetails, 'code'> & { code: ErrorCode | 'unavailable' },
    cause?: unknown,
  ) {
    super(details.message, { cause });
    this.code = details.code;
    this.queryId = details.queryId;
    this.task = details.task;
    this.costUsd = details.costUsd;
    this.costLowUsd = details.costLowUsd;
    this.costHighUsd = details.costHighUsd;
    this.attempts = details.attempts;
  }

  toJSON(): Omit<CascadeErrorDetails, 'code'> & { code: ErrorCode | 'unavailable' } {
    const { code, message, queryId, task, costUsd, costLowUsd, costHighUsd, attempts } = this;
    return { code, message, queryId, task, costUsd, costLowUsd, costHighUsd, attempts };
  }
}

/** The request is not one. Nothing was spent. */
export class BadRequestError extends CascadeError {
  override readonly name = 'BadRequestError';
}

/** No policy was applied for the task. Nothing was spent. */
export class UnknownTaskError extends CascadeError {
  override readonly name = 'UnknownTaskError';
}

/** The idempotency key was used for another request. Nothing was spent. */
export class KeyConflictError extends CascadeError {
  override readonly name = 'KeyConflictError';
}

/** The key was answered before, and the task retains no text. Nothing was spent again. */
export class AnswerNotRetainedError extends CascadeError {
  override readonly name = 'AnswerNotRetainedError';
}

/** The query's limit on cost left no room for a call that could have answered. */
export class BudgetError extends CascadeError {
  override readonly name = 'BudgetError';
}

/** The query's deadline passed before any model gave a usable response. */
export class DeadlineError extends CascadeError {
  override readonly name = 'DeadlineError';
}

/** Every stage failed. */
export class ExhaustedError extends CascadeError {
  override readonly name = 'ExhaustedError';
}

/** Something that a person must mend: a provider's key, a model's id. */
export class FailedError extends CascadeError {
  override readonly name = 'FailedError';
}

export class CancelledError extends CascadeError {
  override readonly name = 'CancelledError';
}

/** Temporal cannot be reached, or does not know the query. Whether the query runs is not known. */
export class UnavailableError extends CascadeError {
  override readonly name = 'UnavailableError';
}

const CLASSES: Record<ErrorCode, typeof CascadeError> = {
  'bad-request': BadRequestError,
  'unknown-task': UnknownTaskError,
  'key-conflict': KeyConflictError,
  'answer-not-retained': AnswerNotRetainedError,
  budget: BudgetError,
  deadline: DeadlineError,
  exhausted: ExhaustedError,
  failed: FailedError,
  cancelled: CancelledError,
};

export function errorFrom(details: CascadeErrorDetails, cause: unknown): CascadeError {
  return new CLASSES[details.code](details, cause);
}

/** Before a query runs nothing has been spent; of one that ran, this client may not know. */
const SPEND_UNKNOWN: ReadonlySet<ErrorCode | 'unavailable'> = new Set(['unavailable', 'cancelled']);

/** An error of which nothing is known but its code: nothing was spent, or it is not known here. */
export function plainError(code: ErrorCode | 'unavailable', message: string, cause?: unknown): CascadeError {
  const high = SPEND_UNKNOWN.has(code) ? null : '0';
  const details = {
    code,
    message,
    queryId: null,
    task: null,
    costUsd: high,
    costLowUsd: '0',
    costHighUsd: high,
    attempts: [],
  };
  return code === 'unavailable' ? new UnavailableError(details, cause) : new CLASSES[code](details, cause);
}
