/** Names by which the world finds cascades in Temporal: changing one strands whoever uses it. */
export const TASK_QUEUE = 'escalier';
export const WORKFLOW_TYPE = 'cascade';
