import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  startChild,
  type ChildWorkflowOptions,
} from '@temporalio/workflow';

type Detached<Args> = { args: Args } & Required<
  Pick<ChildWorkflowOptions, 'workflowId' | 'workflowExecutionTimeout'>
>;

/** Starts a workflow that outlives whoever starts it; false where one of its id runs already. */
export async function startDetached<Args extends unknown[]>(
  workflow: (...args: Args) => Promise<unknown>,
  options: Detached<Args>,
): Promise<boolean> {
  try {
    await startChild(workflow.name, {
      ...options,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
