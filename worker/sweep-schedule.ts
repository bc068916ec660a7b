import { ScheduleClient, ScheduleOverlapPolicy } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import {
  SWEEP_SCHEDULE,
  SWEEP_WORKFLOW_ID,
  SWEEP_WORKFLOW_TYPE,
  TASK_QUEUE,
} from '../core/temporal-names.ts';
import { ensureSchedule, type WantedSchedule } from './ensure-schedule.ts';

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
 * Makes the schedule: see {@link ensureSchedule}.
 * @throws {Error} when Temporal refuses; it says what to do.
 */
export async function ensureSweepSchedule(
  connection: NativeConnection,
  namespace: string,
  taskQueue: string,
): Promise<void> {
  const client = new ScheduleClient({ connection, namespace });
  const scheduleId = sweepScheduleId(taskQueue);
  try {
    await ensureSchedule(client, scheduleId, scheduleOf(taskQueue));
  } catch (error) {
    const message = `the schedule "${scheduleId}" cannot be made in the namespace "${namespace}": allow the worker to create schedules there`;
    throw new Error(message, { cause: error });
  }
}

function scheduleOf(taskQueue: string): WantedSchedule {
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
  };
}
