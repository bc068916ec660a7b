import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { workFailure, type WorkFailure } from '../core/work-failure.ts';

/** A failed activity without its wrapping: a local activity's own failure comes as it is, an ordinary one's does not. */
export function causeOf(error: unknown): unknown {
  return error instanceof ActivityFailure ? (error.cause ?? error) : error;
}

/** How an activity failed, as far as the cascade cares. */
export function failureOf(error: unknown): WorkFailure {
  const cause = causeOf(error);
  return workFailure(
    cause,
    cause instanceof ApplicationFailure ? cause : null,
    cause instanceof TimeoutFailure,
  );
}
