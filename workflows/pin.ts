import { ActivityFailure, ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { Planned, PlanRef } from '../activities/types.ts';
import type { Plan } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import { QUERY_LOST } from '../core/result.ts';
import { brief, plan, restore } from './activities.ts';

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

/**
 * Does what needs the query's row. Planning commits it without waiting for the disk, since the first intent's commit carries it
 * there: where a crash of Postgres has lost it before that, with nothing spent, it is opened again as the plan has it.
 */
export function withQuery<T>(request: CascadeRequest, pinned: Plan, work: () => Promise<T>): Promise<T> {
  return work().catch(async (error: unknown) => {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (!(cause instanceof ApplicationFailure) || cause.type !== QUERY_LOST) throw error;
    await CancellationScope.nonCancellable(() =>
      restore.executeWithOptions({ summary: 'restore' }, [request, refTo(pinned)]),
    );
    return work();
  });
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
