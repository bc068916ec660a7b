import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Planned } from '../activities/types.ts';
import type { Plan } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import { QUERY_LOST } from '../core/result.ts';
import { refTo } from '../core/stage-work.ts';
import { brief, plan, restore } from './activities.ts';
import type { Climb } from './climb.ts';
import { causeOf } from './work-failure.ts';

/**
 * Asks for the plan: the first activity of every cascade, whose result is all that the query is decided by. A query that is
 * executed inline is climbed by it as well, as far as that goes without waiting: each activity more would take as long as the
 * ledger's part of a call.
 * @throws {ApplicationFailure} `escalier.<code>` as planning gave it, so that callers see it without its wrapping.
 */
export async function pin(climb: Climb): Promise<Planned> {
  const { request, startedMs } = climb;
  const summary = brief(`plan · ${taskOf(request)}`);
  try {
    const planned = await climb.scope
      .run(() => plan.executeWithOptions({ summary }, [request, startedMs]))
      .catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
        // The ledger may have opened the query by then, and must hear how it ended.
        return CancellationScope.nonCancellable(() => plan.executeWithOptions({ summary }, [request]));
      });
    if (planned.type === 'planned' && planned.climbed !== undefined) {
      climb.begin(planned.climbed);
      if (planned.climbed.outcomes.at(-1)?.happening.type === 'cancelled') await climb.cancelled();
    }
    return planned;
  } catch (error) {
    const cause = causeOf(error);
    throw cause instanceof ApplicationFailure ? cause : error;
  }
}

/**
 * Does what needs the query's row. Planning commits it without waiting for the disk, since the first intent's commit carries it
 * there: where a crash of Postgres has lost it before that, with nothing spent, it is opened again as the plan has it.
 */
export function withQuery<T>(request: CascadeRequest, pinned: Plan, work: () => Promise<T>): Promise<T> {
  return work().catch(async (error: unknown) => {
    const cause = causeOf(error);
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
