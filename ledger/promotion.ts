import type pg from 'pg';
import type { Policy } from '../core/policy.ts';
import { inTransaction, type Queryable } from './database.ts';
import {
  changeTask,
  lockTask,
  PolicyProblem,
  type Author,
  type CanaryShare,
  type PolicyAction,
  type TaskState,
} from './policy-changes.ts';
import { insertPolicy, isAsWritten, policyHashes, versionOf } from './policy-versions.ts';
import { keepScorer } from './scorers.ts';

export interface Promotion {
  readonly policy: Policy;
  /** The task's policy as its settings write it: what a later `apply` is held against, and what is there to go back to. */
  readonly written: Policy;
  /** What the policy's scorer was learned as. */
  readonly artifact: unknown;
  /** Share of new queries that take it, between 0 and 1; null makes it current for all. */
  readonly canaryShare: number | null;
}

export interface Promoted {
  readonly task: string;
  readonly version: number;
  /** What was current before. */
  readonly before: number;
  readonly canary: CanaryShare | null;
  /** False when it was just so already. */
  readonly changed: boolean;
}

/**
 * Makes a learned policy current, or the canary of its task: its scorer, the policy and the change in one transaction. The same
 * content is the same version. A task that has no policy yet gets the written one first.
 * @throws {PolicyProblem} when another version is the canary, or the policy is current and cannot be its own canary.
 */
export async function promotePolicy(pool: pg.Pool, promotion: Promotion, author: Author): Promise<Promoted> {
  const { policy, written, artifact, canaryShare } = promotion;
  const { task } = policy;
  return inTransaction(pool, async (db) => {
    await keepScorer(db, task, artifact);
    const state = await withWritten(db, written, await lockTask(db, task), author);
    const version = await versionOf(db, policy);
    const { canary } = state;
    if (canary !== null && canary.version !== version) {
      throw new PolicyProblem(
        `version ${canary.version} of task ${task} is its canary: end that first, with "escalier canary --task ${task} --finish" or "escalier canary --task ${task} --stop"`,
      );
    }
    const result = { task, version, before: state.version };
    if (canaryShare === null) {
      const changed = state.version !== version || canary !== null || state.stopped !== null;
      if (changed) await changeTask(db, task, 'promote', state, { version, canary: null }, author);
      return { ...result, canary: null, changed };
    }
    if (state.version === version) {
      throw new PolicyProblem(
        `version ${version} of task ${task} is current already: it cannot be its own canary`,
      );
    }
    const next = { version, share: canaryShare };
    const changed = canary?.share !== canaryShare;
    if (changed)
      await changeTask(db, task, 'canary', state, { version: state.version, canary: next }, author);
    return { ...result, canary: next, changed };
  });
}

/**
 * The settings' own policy is stored, where it is not the one that was last written; it becomes current where nothing is.
 */
async function withWritten(
  db: Queryable,
  written: Policy,
  state: TaskState,
  author: Author,
): Promise<TaskState & { readonly version: number }> {
  const { task } = written;
  if (state.version !== null) {
    if (!(await isAsWritten(db, written))) await insertPolicy(db, written, await policyHashes(db, task));
    return { ...state, version: state.version };
  }
  const version = await insertPolicy(db, written, []);
  await changeTask(db, task, 'apply', state, { version, canary: null }, author);
  return { version, canary: null, stopped: null };
}

/**
 * Ends a task's canary. `finish`: all new queries take it. `stop`: they all take what is current.
 * @throws {PolicyProblem} when none runs.
 */
export async function endCanary(
  pool: pg.Pool,
  task: string,
  how: 'finish' | 'stop',
  author: Author,
): Promise<Promoted> {
  return changing(pool, task, async (db, state) => {
    const { canary } = state;
    if (canary === null) {
      throw new PolicyProblem(
        `task ${task} has no canary: start one with "escalier promote FOLDER --canary 10%"`,
      );
    }
    const version = how === 'finish' ? canary.version : state.version;
    await changeTask(db, task, `${how}-canary`, state, { version, canary: null }, author);
    return { task, version, before: state.version, canary: null, changed: true };
  });
}

/**
 * Makes an earlier version current again, or lets the current one go on that an alarm has stopped. Queries that run keep theirs.
 * @param to null for the one that was current before the present one came.
 * @throws {PolicyProblem} when a canary runs, when there is no such version, or none before.
 */
export async function rollBack(
  pool: pg.Pool,
  task: string,
  to: number | null,
  author: Author,
): Promise<Promoted> {
  return changing(pool, task, async (db, state) => {
    if (state.canary !== null) {
      throw new PolicyProblem(
        `task ${task} has a canary (version ${state.canary.version}): end it with "escalier canary --task ${task} --stop"; version ${state.version} is still current`,
      );
    }
    const version = to ?? (await versionBefore(db, task, state.version));
    const known = await policyHashes(db, task);
    if (!known.some((one) => one.version === version)) {
      throw new PolicyProblem(
        `task ${task} has no version ${version}: there are ${known.map((one) => one.version).join(', ')} ("escalier policies --task ${task}" shows them)`,
      );
    }
    const changed = version !== state.version || state.stopped !== null;
    if (changed) await changeTask(db, task, 'rollback', state, { version, canary: null }, author);
    return { task, version, before: state.version, canary: null, changed };
  });
}

/** What made the version current last, other than a rollback to it, says what was there before. */
async function versionBefore(db: Queryable, task: string, version: number): Promise<number> {
  const { rows } = await db.query<{ before: number | null }>({
    name: 'version-before',
    text: `select from_version as before from policy_changes
           where task = $1 and to_version = $2 and from_version is distinct from to_version and action <> all ($3::text[])
           order by change_id desc limit 1`,
    values: [task, version, ['rollback'] satisfies PolicyAction[]],
  });
  const before = rows[0]?.before ?? null;
  if (before === null) {
    throw new PolicyProblem(
      `version ${version} of task ${task} had none before it: name the version to go to, with --to`,
    );
  }
  return before;
}

async function changing(
  pool: pg.Pool,
  task: string,
  change: (db: Queryable, state: TaskState & { readonly version: number }) => Promise<Promoted>,
): Promise<Promoted> {
  return inTransaction(pool, async (db) => {
    const state = await lockTask(db, task);
    // Rolled back with the row that the lock made for it.
    if (state.version === null) {
      throw new PolicyProblem(`there is no task ${task}: "escalier policies" lists those that there are`);
    }
    return change(db, { ...state, version: state.version });
  });
}
