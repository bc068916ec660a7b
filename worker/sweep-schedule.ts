import {
  ScheduleAlreadyRunning,
  ScheduleClient,
  ScheduleOverlapPolicy,
  type ScheduleDescription,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import {
  SWEEP_SCHEDULE,
  SWEEP_WORKFLOW_ID,
  SWEEP_WORKFLOW_TYPE,
  TASK_QUEUE,
} from '../core/temporal-names.ts';

const EVERY_MS = 60_000;

/** After an outage of Temporal one sweep is enough: the runs that it missed are not caught up with. */
const CATCH_UP_MS = 60_000;

/** A sweep that no worker takes, or that hangs, must not keep the next one waiting for ever: overlapping ones are skipped. */
const LONGEST_SWEEP_MS = 15 * 60_000;

/** Temporal's id of the schedule that sweeps from a task queue. */
export function sweepScheduleId(taskQueue: string): string {
  return taskQueue === TASK_QUEUE ? SWEEP_SCHEDULE : `${SWEEP_SCHEDULE}-${taskQueue}`;
}

/**
 * Makes the schedule, or leaves the one that exists as it is; where that differs it is updated, and stays paused if it was.
 * Safe for several workers that start at once.
 * @throws {Error} when Temporal refuses; it says what to do.
 */
export async function ensureSweepSchedule(
  connection: NativeConnection,
  namespace: string,
  taskQueue: string,
): Promise<void> {
  const client = new ScheduleClient({ connection, namespace });
  const scheduleId = sweepScheduleId(taskQueue);
  const wanted = scheduleOf(taskQueue);
  try {
    await client.create({ scheduleId, ...wanted });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) {
      const message = `the schedule "${scheduleId}" cannot be made in the namespace "${namespace}": allow the worker to create schedules there`;
      throw new Error(message, { cause: error });
    }
    const handle = client.getHandle(scheduleId);
    if (sameSchedule(await handle.describe(), wanted)) return;
    await handle.update(({ state }) => ({ ...wanted, state }));
  }
}

type Wanted = Omit<ScheduleOptions<ScheduleOptionsStartWorkflowAction<Workflow>>, 'scheduleId'>;

function scheduleOf(taskQueue: string) {
  return {
    spec: { intervals: [{ every: EVERY_MS }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP_MS },
    action: {
      type: 'startWorkflow',
      workflowType: SWEEP_WORKFLOW_TYPE,
      // Temporal adds the time, so that each run has an id of its own.
      workflowId: taskQueue === TASK_QUEUE ? SWEEP_WORKFLOW_ID : `${SWEEP_WORKFLOW_ID}-${taskQueue}`,
      taskQueue,
      args: [],
      workflowExecutionTimeout: LONGEST_SWEEP_MS,
    },
  } as const satisfies Wanted;
}

function sameSchedule(
  { spec, policies, action }: ScheduleDescription,
  wanted: ReturnType<typeof scheduleOf>,
): boolean {
  const [interval] = spec.intervals ?? [];
  return (
    spec.intervals?.length === 1 &&
    (spec.calendars ?? []).length === 0 &&
    interval?.every === EVERY_MS &&
    policies.overlap === wanted.policies.overlap &&
    policies.catchupWindow === CATCH_UP_MS &&
    action.workflowType === wanted.action.workflowType &&
    action.workflowId === wanted.action.workflowId &&
    action.taskQueue === wanted.action.taskQueue &&
    action.workflowExecutionTimeout === LONGEST_SWEEP_MS
  );
}
