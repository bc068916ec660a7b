import { proxyActivities, proxyLocalActivities, ActivityCancellationType } from '@temporalio/workflow';
import type { CascadeActivities } from '../activities/types.ts';

/** Planning and ending are a few statements in Postgres: far below this, unless Postgres is away. */
export const LEDGER_TIMEOUT = '20 seconds';

/**
 * A stage's limit on attempts is counted in the ledger by the activity, which then fails for good: a crashed worker must
 * not use up what the policy allows a provider.
 */
export const RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '30 seconds',
} as const;

const LOCAL = {
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  // Below this a retry waits in the worker, above it on a timer: an outage must not hold workflow tasks.
  localRetryThreshold: '10 seconds',
} as const;

const local = proxyLocalActivities<CascadeActivities>({ ...LOCAL, startToCloseTimeout: LEDGER_TIMEOUT });

const remote = proxyActivities<CascadeActivities>({
  // Replaced at each call by what the stage's own timeout asks for, which also says how long a heartbeat may be missing.
  startToCloseTimeout: '10 minutes',
  retry: RETRY,
  // The row of a cancelled request is closed before the query ends.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Asking models within the workflow's own task: once, since whatever is tried again is an ordinary activity. */
const inline = proxyLocalActivities<CascadeActivities>({
  startToCloseTimeout: '10 minutes',
  retry: { maximumAttempts: 1 },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Planning a query, and climbing it where it is executed inline: its models' time, not the ledger's. */
export const { plan } = proxyLocalActivities<Pick<CascadeActivities, 'plan'>>({
  ...LOCAL,
  startToCloseTimeout: '20 minutes',
  // What it has done is told, whatever was cancelled meanwhile.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});
export const restore = local.restore;
/** Scoring on this machine's processor. */
export const scoreHere = local.score;
/** Scoring that asks a model or another service. */
export const scoreThere = { durable: remote.score, inline: inline.score };
export const call = { durable: remote.call, inline: inline.call };
export const endQuery = local.end;

/** A summary is one line of the UI (and Temporal bounds its bytes), while names may have hundreds of characters. */
export function brief(summary: string): string {
  const LONGEST = 100;
  return summary.length <= LONGEST ? summary : `${summary.slice(0, LONGEST - 1)}…`;
}

/** Milliseconds over all retries: the query's time left, and what closing the last attempt's row takes. */
export function scheduleToClose(timeLeftMs: number | null): { scheduleToCloseTimeout?: number } {
  return timeLeftMs === null ? {} : { scheduleToCloseTimeout: timeLeftMs + 5_000 };
}
