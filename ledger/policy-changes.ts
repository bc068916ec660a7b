import { onlyRow, type Queryable } from './database.ts';

export type PolicyAction =
  'apply' | 'promote' | 'canary' | 'finish-canary' | 'stop-canary' | 'rollback' | 'fallback' | 'stop';

/** Who changes what new queries take, and why; null where that is not known. */
export interface Author {
  readonly by: string | null;
  readonly reason: string | null;
}

export const NOBODY: Author = { by: null, reason: null };

export interface CanaryShare {
  readonly version: number;
  /** Of new queries, between 0 and 1. */
  readonly share: number;
}

/** What new queries of a task take. */
export interface TaskState {
  /** Null before its first policy. */
  readonly version: number | null;
  readonly canary: CanaryShare | null;
  /** Why new queries are refused; null where they are not. */
  readonly stopped: string | null;
}

/** A change that does not fit what is there: the message says what to do instead. Nothing was changed. */
export class PolicyProblem extends Error {
  override readonly name = 'PolicyProblem';
}

/** Takes the task's row, so that of two that change it one sees what the other did. A task that is new gets its row. */
export async function lockTask(db: Queryable, task: string): Promise<TaskState> {
  const { rows } = await db.query<{
    version: number;
    canaryVersion: number | null;
    share: number | null;
    stopped: string | null;
  }>({
    name: 'lock-task',
    text: `insert into tasks (name, current_version) values ($1, 0)
           on conflict (name) do update set name = excluded.name
           returning current_version as version, canary_version as "canaryVersion", canary_share as share,
             stopped_reason as stopped`,
    values: [task],
  });
  const { version, canaryVersion, share, stopped } = onlyRow(rows, `task ${task}`);
  return {
    version: version === 0 ? null : version,
    canary: canaryVersion === null || share === null ? null : { version: canaryVersion, share },
    stopped,
  };
}

/** Changes what new queries take, and writes down who did it; unless it says `stopped`, they are taken again. To be called with the task's row {@link lockTask locked}. */
export async function changeTask(
  db: Queryable,
  task: string,
  action: PolicyAction,
  from: TaskState,
  to: { readonly version: number; readonly canary: CanaryShare | null; readonly stopped?: string },
  { by, reason }: Author,
): Promise<void> {
  await db.query({
    name: 'change-task',
    text: `with changed as (
             update tasks set current_version = $4, canary_version = $5, canary_share = $6, stopped_reason = $9, updated_at = now() where name = $1
           )
           insert into policy_changes (task, action, from_version, to_version, canary_version, canary_share, changed_by, reason)
           values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      task,
      action,
      from.version,
      to.version,
      to.canary?.version ?? null,
      to.canary?.share ?? null,
      by,
      reason,
      to.stopped ?? null,
    ],
  });
}
