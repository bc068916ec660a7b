import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import type { WorkFailure } from '../core/work-failure.ts';

/** A failed activity without its wrapping: a local activity's own failure comes as it is, an ordinary one's does not. */
export function causeOf(error: unknown): unknown {
  return error instanceof ActivityFailure ? (error.cause ?? error) : error;
}

/** How an activity failed, as far as the cascade cares. */
export function failureOf(error: unknown): WorkFailure {
  const cause = causeOf(error);
  const application = cause instanceof ApplicationFailure ? cause : null;
  return {
    type: application === null ? null : (application.type ?? ''),
    message: cause instanceof Error ? cause.message : String(cause),
    nonRetryable: application?.nonRetryable === true,
    timedOut: cause instanceof TimeoutFailure,
    details: application?.details?.[0] ?? {},
  };
}
