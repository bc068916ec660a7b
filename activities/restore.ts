import { activityInfo } from '@temporalio/activity';
import type { PlanRef } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import { superseded } from './failures.ts';
import type { Ports } from './ports.ts';

/**
 * Opens a query again whose start the ledger has lost.
 * @throws {ApplicationFailure} `escalier.superseded` where another run has started the key anew.
 */
export async function restore(ports: Ports, request: CascadeRequest, query: PlanRef): Promise<void> {
  const { namespace, workflowExecution: execution } = activityInfo();
  if (execution === undefined) throw new Error('a query is restored from its workflow');
  if (await ports.ledger.restoreQuery({ namespace, ...execution }, request, query)) return;
  const { workflowId, runId } = execution;
  throw superseded(
    `run ${runId} of ${workflowId} has lost its query, and another run has started the key anew`,
  );
}
