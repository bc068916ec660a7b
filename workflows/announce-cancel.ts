import { proxyLocalActivities } from '@temporalio/workflow';
import type { CancelActivities, CancelTarget } from '../activities/types.ts';

/** A run that was cancelled at once may still be planning; one that has no query for this long has ended, or never has one. */
const PATIENCE = '10 seconds';

const { requestCancel } = proxyLocalActivities<CancelActivities>({
  scheduleToCloseTimeout: PATIENCE,
  retry: { initialInterval: '100 milliseconds', backoffCoefficient: 1 },
});

/**
 * Carries a cancel to where Temporal's own does not reach: a request within a workflow's own task, which hears nothing of
 * its server while it runs. A client starts it beside Temporal's cancel; it says so in the ledger, and whichever worker
 * makes the request reads it there.
 */
export async function announceCancel(target: CancelTarget): Promise<'requested' | 'over'> {
  return requestCancel(target);
}
