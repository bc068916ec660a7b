import { ScheduleClient, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { RELEARN_WORKFLOW_TYPE, relearnWorkflowId, TASK_QUEUE } from '../core/temporal-names.ts';
import { ensureSchedule, type WantedSchedule } from './ensure-schedule.ts';

/** After an outage of Temporal a run that was missed by less is made up for: once, as those that overlap are skipped. */
const CATCH_UP_MS = 24 * 3_600_000;

/** With its retries. A run that no worker takes must not keep the next one waiting for ever. */
const LONGEST_RUN_MS = 4 * 3_600_000;

/** Milliseconds from one run to the next, by task; null where the task is not to be learned anew. */
export type RelearnTimes = ReadonlyMap<string, number | null>;

/** Temporal's id of the schedule that learns a task anew from a task queue. */
export function relearnScheduleId(task: string, taskQueue: string): string {
  return taskQueue === TASK_QUEUE ? relearnWorkflowId(task) : `${relearnWorkflowId(task)}-${taskQueue}`;
}

/**
 * Makes each task's schedule, or makes the one that exists as it should be, paused if it was; takes away those of tasks that are
 * not to be learned anew. Tasks that are not named keep theirs: they may be another worker's. Safe for several workers at once.
 * @throws {Error} when Temporal refuses; it says what to do.
 */
export async function ensureRelearnSchedules(
  connection: NativeConnection,
  namespace: string,
  taskQueue: string,
  times: RelearnTimes,
): Promise<void> {
  const client = new ScheduleClient({ connection, namespace });
  for (const [task, everyMs] of times) {
    const scheduleId = relearnScheduleId(task, taskQueue);
    try {
      if (everyMs === null) await remove(client, scheduleId);
      else await ensureSchedule(client, scheduleId, scheduleOf(task, scheduleId, taskQueue, everyMs));
    } catch (error) {
      const message = `the schedule "${scheduleId}" cannot be set in the namespace "${namespace}": allow the worker to manage schedules there`;
      throw new Error(message, { cause: error });
    }
  }
}

async function remove(client: ScheduleClient, scheduleId: string): Promise<void> {
  try {
    await client.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

function scheduleOf(task: string, workflowId: string, taskQueue: string, everyMs: number): WantedSchedule {
  return {
    spec: { intervals: [{ every: everyMs }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP_MS },
    action: {
      type: 'startWorkflow',
      workflowType: RELEARN_WORKFLOW_TYPE,
      workflowId,
      taskQueue,
      args: [task],
      workflowExecutionTimeout: LONGEST_RUN_MS,
    },
  };
}
