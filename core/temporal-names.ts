/** Names by which the world finds cascades in Temporal: changing one strands whoever uses it. */
export const TASK_QUEUE = 'escalier';
export const WORKFLOW_TYPE = 'cascade';
/** What carries a cancel to requests within a workflow's own task: ids with a prefix of their own, no search attribute. */
export const CANCEL_WORKFLOW_TYPE = 'announceCancel';
export const CANCEL_WORKFLOW_ID = 'escalier-cancel';
/** The sweeper's, which are never mixed up with cascades: another type, no search attribute, ids with a prefix of their own. */
export const SWEEP_WORKFLOW_TYPE = 'sweep';
export const SWEEP_SCHEDULE = 'escalier-sweeper';
export const SWEEP_WORKFLOW_ID = 'escalier-sweep';
export const FEEDBACK_WORKFLOW_TYPE = 'feedback';

/** @param hash of what is said, so that the same word twice is one workflow. */
export function feedbackWorkflowId(hash: string): string {
  return `escalier-feedback-${hash}`;
}

/** The workflow that tells of an alarm. */
export function alarmWorkflowId(alarmId: string): string {
  return `escalier-alarm-${alarmId}`;
}

/** The workflow that audits a query. */
export function auditWorkflowId(queryId: string): string {
  return `escalier-audit-${queryId}`;
}

export const RELEARN_WORKFLOW_TYPE = 'relearn';

/** The workflow that learns a task anew, and the schedule that starts it: runs of the schedule have their time behind it. */
export function relearnWorkflowId(task: string): string {
  return `escalier-relearn-${task}`;
}
