import { ActivityFailure, ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { Planned, PlanRef } from '../activities/types.ts';
import type { Plan } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import { brief, plan } from './activities.ts';

/**
 * Asks for the plan: the first activity of every cascade, whose result is all that the query is decided by. A cancel that
 * comes meanwhile is heard after it: the ledger may have opened the query by then, and must hear how it ended.
 * @throws {ApplicationFailure} `escalier.<code>` as planning gave it, so that callers see it without its wrapping.
 */
export async function pin(request: CascadeRequest): Promise<Planned> {
  try {
    return await CancellationScope.nonCancellable(() =>
      plan.executeWithOptions({ summary: brief(`plan · ${taskOf(request)}`) }, [request]),
    );
  } catch (error) {
    throw error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : error;
  }
}

/** Whatever a client sent: the plan checks it, and an error here would fail the workflow task for ever. */
function taskOf(request: Partial<CascadeRequest> | null | undefined): string {
  const task: unknown = request?.task;
  return typeof task === 'string' ? task : 'no task';
}

/** The part of the plan that activities need: the rest would be in the history once per activity. */
export function refTo(plan: Plan): PlanRef {
  const { queryId, startedAt, task, policyVersion, retention, answer, limits } = plan;
  return { queryId, startedAt, task, policyVersion, retention, answer, limits };
}
