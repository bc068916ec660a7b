import {
  ActivityCancellationType,
  ActivityFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { AuditActivities, AuditedQuery, AuditSummary } from '../activities/types.ts';
import { auditWorkflowId } from '../core/temporal-names.ts';
import { heartbeatTimeout, startToClose } from '../core/stage-work.ts';
import { brief, RETRY } from './activities.ts';
import { startDetached } from './start-detached.ts';

const { planAudit, endAudit } = proxyActivities<AuditActivities>({
  // A few statements in Postgres; while that is away, they are tried again.
  startToCloseTimeout: '1 minute',
  retry: RETRY,
});

const { auditCall } = proxyActivities<AuditActivities>({
  // Replaced at each call by what the stage's own timeout asks for, which also says how long a heartbeat may be missing.
  startToCloseTimeout: '10 minutes',
  retry: RETRY,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** An audit that no worker takes for so long is ended by the sweeper, so that its query's texts do not stay for ever. */
const LONGEST_AUDIT = '7 days';

/**
 * Audits a query that has been answered: every stage that was not called is called now, with purpose `audit`, and the
 * served answer is held against the last stage's. Nothing of the query changes, and nothing of this is counted as its cost.
 * A stage that fails is left out; a stage that was bought before a crash is not bought again.
 */
export async function audit(query: AuditedQuery): Promise<AuditSummary> {
  const plan = await planAudit(query);
  if (plan === null)
    return { queryId: query.queryId, servedAgrees: null, message: 'there is nothing to audit' };
  const problems: string[] = [];
  for (const { stage, model } of plan.stages) {
    try {
      await auditCall.executeWithOptions(
        {
          summary: brief(`audit stage ${stage + 1} · ${model.model}`),
          startToCloseTimeout: startToClose(model.timeoutMs),
          heartbeatTimeout: heartbeatTimeout(model.timeoutMs),
        },
        [{ query: plan.query, stage, model, deadlineAt: null }],
      );
    } catch (error) {
      problems.push(`stage ${stage + 1} (${model.model}): ${reason(error)}`);
      if (isCancellation(error)) break;
    }
  }
  return CancellationScope.nonCancellable(() => endAudit({ query, problems }));
}

function reason(error: unknown): string {
  if (isCancellation(error)) return 'the audit was cancelled';
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Starts an audit; false where it runs already. */
export function startAudit(query: AuditedQuery): Promise<boolean> {
  return startDetached(audit, {
    args: [query],
    workflowId: auditWorkflowId(query.queryId),
    workflowExecutionTimeout: LONGEST_AUDIT,
  });
}
