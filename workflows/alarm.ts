import { proxyActivities } from '@temporalio/workflow';
import type { WatchActivities } from '../activities/types.ts';
import { alarmWorkflowId } from '../core/temporal-names.ts';
import { startDetached } from './start-detached.ts';

const { tellAlarm } = proxyActivities<WatchActivities>({
  // The webhook's own limit of ten seconds, and the ledger's two statements, also when Postgres is away for a moment.
  startToCloseTimeout: '30 seconds',
  // A webhook that is down is asked ever less often, until it answers.
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 minutes' },
});

/** After this the sweeper starts it anew, for as long as nobody was told. */
const LONGEST = '1 day';

/** Tells of an alarm, until somebody has heard it: a workflow of its own, so that a webhook that is down holds up nothing else. */
export async function alarm(alarmId: string): Promise<void> {
  await tellAlarm(alarmId);
}

/** Starts to tell of an alarm; where that is under way already, nothing is sent a second time. */
export function startAlarm(alarmId: string): Promise<boolean> {
  return startDetached(alarm, {
    args: [alarmId],
    workflowId: alarmWorkflowId(alarmId),
    workflowExecutionTimeout: LONGEST,
  });
}
