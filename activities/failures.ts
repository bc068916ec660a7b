import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { budgetName, displayLeft, periodEnd } from '../core/budget.ts';
import { reactionTo, type FailureKind } from '../core/failure.ts';
import {
  CANCEL_HEARD,
  DENIED,
  failureType,
  QUERY_LOST,
  UNSCORED,
  type AttemptSummary,
  type ErrorCode,
} from '../core/result.ts';
import type { CascadeErrorDetails } from '../core/result.ts';
import { spendFromJson, spendToJson, sumSpend } from '../core/spend.ts';
import type { Intent, Opened } from '../ledger/attempts.ts';
import type { CallFailure } from '../core/work-failure.ts';

/** A cascade that cannot begin: the error its caller sees. */
export function cannotPlan(
  code: ErrorCode,
  message: string,
  about: { queryId: string | null; task: string | null; attempts?: readonly AttemptSummary[] },
): ApplicationFailure {
  const { queryId, task, attempts = [] } = about;
  const spend = spendToJson(sumSpend(attempts.map(spendFromJson)));
  const details: CascadeErrorDetails = { code, message, queryId, task, attempts, ...spend };
  return ApplicationFailure.create({
    type: failureType(code),
    message,
    nonRetryable: true,
    details: [details],
  });
}

/**
 * A call that failed, as Temporal's retries understand it: the one place where a failure's kind becomes retryable or not.
 * @param retry whether the stage's limit allows another attempt, and how long the provider asks to wait for it.
 */
export function callFailed(
  kind: FailureKind,
  message: string,
  attempts: readonly AttemptSummary[],
  retry: { again: boolean; retryAfterMs: number | null } = { again: false, retryAfterMs: null },
): ApplicationFailure {
  const failure: CallFailure = { kind, attempts, retryAfterMs: retry.retryAfterMs };
  return ApplicationFailure.create({
    type: `provider.${kind}`,
    message,
    nonRetryable: reactionTo(kind) !== 'retry' || !retry.again,
    ...(retry.retryAfterMs === null ? {} : { nextRetryDelay: retry.retryAfterMs }),
    details: [failure],
  });
}

/** The ledger refused to open an attempt that could overspend the query's limit, or a budget of its task or tenant. */
export function denied(
  intent: Intent,
  { budgets }: Extract<Opened, { type: 'denied' }>,
  attempts: readonly AttemptSummary[],
): ApplicationFailure {
  const worst = intent.worstCaseUsd === null ? 'an unknown amount' : `up to $${intent.worstCaseUsd}`;
  const request = `a request to ${intent.model} could cost ${worst}`;
  const spared = intent.sparesFirstStages ? ', of which the last tenth is kept for first stages' : '';
  const full = budgets.map(
    (budget) =>
      `${budgetName(budget)} has ${displayLeft(budget)} (the rest, $${budget.committedUsd}, is spent or held by open requests)${spared}; ${request}; it begins anew at ${periodEnd(budget).toISOString()}`,
  );
  return ApplicationFailure.create({
    type: DENIED,
    message:
      full.length > 0
        ? full.join('; ')
        : `${request}, more than is left of the query's $${intent.maxCostUsd ?? '0'}`,
    nonRetryable: true,
    details: [{ attempts }],
  });
}

/** Scoring that failed for a reason of the scorer's own: the response stays unscored, and the cascade climbs on. */
export function unscored(message: string, attempts: readonly AttemptSummary[]): ApplicationFailure {
  return ApplicationFailure.create({ type: UNSCORED, message, nonRetryable: true, details: [{ attempts }] });
}

/** The ledger has lost the query's start, with nothing spent: the workflow, which has the request, restores it. */
export function queryLost({ queryId }: { readonly queryId: string }): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`the ledger has no query ${queryId}`, QUERY_LOST);
}

/** A run that is no longer its key's. */
export function superseded(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'escalier.superseded');
}

/** The reason of a signal that aborts because the ledger tells of a cancel. */
export class CancelHeard extends Error {
  override readonly name = 'CancelHeard';
}

/** The run was cancelled, as the ledger says. Temporal's own word may come later. */
export function cancelHeard(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('the query was cancelled', CANCEL_HEARD);
}

/**
 * A request that was stopped from here. A query's cancel is its end; a worker that shuts down hands the call to another
 * worker, which opens a new attempt.
 */
export function stopped(signal: AbortSignal): Error {
  if (signal.reason instanceof CancelHeard) return cancelHeard();
  const context = Context.current();
  if (context.cancellationDetails?.workerShutdown === true) {
    return ApplicationFailure.retryable(
      'the worker shut down while the request ran',
      'escalier.worker-shutdown',
    );
  }
  return new CancelledFailure('the query was cancelled');
}
