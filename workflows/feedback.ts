import { ActivityFailure, proxyActivities } from '@temporalio/workflow';
import type { FeedbackActivities } from '../activities/types.ts';
import type { Feedback, Labelled } from '../core/feedback.ts';

const { label } = proxyActivities<FeedbackActivities>({
  // A few statements in Postgres; while that is away, they are tried again.
  startToCloseTimeout: '1 minute',
});

/** Takes somebody's word on a query's answer to the ledger: a service that asks has no connection to Postgres. */
export async function feedback(word: Feedback): Promise<Labelled> {
  try {
    return await label(word);
  } catch (error) {
    // As its activity says it, so that callers see it without its wrapping.
    throw error instanceof ActivityFailure && error.cause !== undefined ? error.cause : error;
  }
}
