import type { Planned, PlanRef } from '../activities/types.ts';
import type { Plan } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import { plan } from './activities.ts';

/** Asks for the plan: the first activity of every cascade, whose result is all that the query is decided by. */
export async function pin(request: CascadeRequest): Promise<Planned> {
  return plan.executeWithOptions({ summary: `plan · ${request.task}` }, [request]);
}

/** The part of the plan that activities need: the rest would be in the history once per activity. */
export function refTo(plan: Plan): PlanRef {
  const { queryId, startedAt, task, policyVersion, retention, answer, limits } = plan;
  return { queryId, startedAt, task, policyVersion, retention, answer, limits };
}
