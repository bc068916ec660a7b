import {
  ScheduleAlreadyRunning,
  type ScheduleClient,
  type ScheduleDescription,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';

/** A schedule that starts a workflow at one interval, in milliseconds as everything here. */
export interface WantedSchedule extends Omit<
  ScheduleOptions<ScheduleOptionsStartWorkflowAction<Workflow>>,
  'scheduleId'
> {
  readonly spec: { intervals: [{ every: number }] };
}

/**
 * Makes a schedule, or leaves the one that exists as it is; where that differs it is updated, and stays paused if it was. Safe
 * for several workers that start at once.
 */
export async function ensureSchedule(
  client: ScheduleClient,
  scheduleId: string,
  wanted: WantedSchedule,
): Promise<void> {
  try {
    await client.create({ scheduleId, ...wanted });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.getHandle(scheduleId);
    if (isAsWanted(await handle.describe(), wanted)) return;
    await handle.update(({ state }) => ({ ...wanted, state }));
  }
}

function isAsWanted({ spec, policies, action }: ScheduleDescription, wanted: WantedSchedule): boolean {
  const [interval] = spec.intervals ?? [];
  return (
    spec.intervals?.length === 1 &&
    (spec.calendars ?? []).length === 0 &&
    interval?.every === wanted.spec.intervals[0].every &&
    policies.overlap === wanted.policies?.overlap &&
    policies.catchupWindow === wanted.policies?.catchupWindow &&
    action.workflowType === wanted.action.workflowType &&
    action.workflowId === wanted.action.workflowId &&
    action.taskQueue === wanted.action.taskQueue &&
    action.workflowExecutionTimeout === wanted.action.workflowExecutionTimeout
  );
}
