import { proxyActivities } from '@temporalio/workflow';
import type { RelearnActivities } from '../activities/types.ts';
import type { Relearned } from '../core/relearning.ts';

const { learnAnew } = proxyActivities<RelearnActivities>({
  // Reading ten thousand audits and learning from them takes minutes of one processor; more is a hang.
  startToCloseTimeout: '1 hour',
  // Learning is done in a thread, so a worker that does not heartbeat for so long is gone.
  heartbeatTimeout: '1 minute',
  // What fails three times waits for the schedule's next run: the same evidence makes no second proposal.
  retry: { initialInterval: '10 seconds', maximumAttempts: 3 },
});

const { startProposedCanary } = proxyActivities<RelearnActivities>({
  // A few statements in Postgres, and a scorer to read.
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '10 seconds', maximumAttempts: 3 },
});

/**
 * Learns a task anew from its audits, holds what was learned against what serves, and proposes it, or refuses and says why. Where
 * the task says so, what is proposed takes a share of new queries at once. A schedule runs it.
 */
export async function relearn(task: string): Promise<Relearned> {
  const learned = await learnAnew(task);
  return learned.canaryShare === null ? learned : startProposedCanary(learned.proposalId);
}
