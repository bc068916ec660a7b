import { WorkflowClient, WorkflowNotFoundError, type WorkflowExecutionStatusName } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { WorkflowState, WorkflowStates } from '../activities/index.ts';

/** Every other status is one of a workflow that may still run. */
const OVER: Partial<Record<WorkflowExecutionStatusName, WorkflowState['status']>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed-out',
};

/** Milliseconds for one question; Temporal answers in a few. */
const TIMEOUT_MS = 10_000;

/** Asks Temporal over the worker's own connection. */
export function workflowStates(
  connection: NativeConnection,
  namespace: string,
  payloadCodec: PayloadCodec | undefined,
): WorkflowStates {
  const dataConverter = payloadCodec && { payloadCodecs: [payloadCodec] };
  const client = new WorkflowClient({ connection, namespace, ...(dataConverter && { dataConverter }) });
  return {
    async workflowState(workflowId) {
      try {
        const { runId, status } = await client.withDeadline(Date.now() + TIMEOUT_MS, () =>
          client.getHandle(workflowId).describe(),
        );
        return { runId, status: OVER[status.name] ?? 'running' };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
    resultOf: (workflowId, runId) =>
      client.withDeadline(Date.now() + TIMEOUT_MS, () => client.getHandle(workflowId, runId).result()),
  };
}
