import type pg from 'pg';
import type { Budget } from '../core/budget.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Policy } from '../core/policy.ts';
import { sha256 } from '../core/request-hash.ts';
import { applyBudgets } from './budget-limits.ts';
import { inTransaction, onlyRow, type Queryable } from './database.ts';

export interface StoredPolicy {
  readonly task: string;
  readonly version: number;
  readonly current: boolean;
  readonly createdAt: Date;
  readonly policy: Policy;
}

export interface AppliedPolicy {
  readonly task: string;
  readonly version: number;
  /** False when the task's current policy already had this content. */
  readonly changed: boolean;
}

/**
 * Makes policies current, all or none. Content that is current already makes no new version.
 * @param budgets take the place of those that these tasks and all tenants have; undefined leaves all budgets as they are.
 */
export async function applyPolicies(
  pool: pg.Pool,
  policies: readonly Policy[],
  budgets?: readonly Budget[],
): Promise<AppliedPolicy[]> {
  return inTransaction(pool, async (db) => {
    const applied: AppliedPolicy[] = [];
    // In one order everywhere, so that two appliers wait for each other instead of deadlocking.
    for (const policy of [...policies].sort((a, b) => (a.task < b.task ? -1 : 1))) {
      applied.push(await applyPolicy(db, policy));
    }
    if (budgets !== undefined)
      await applyBudgets(
        db,
        policies.map(({ task }) => task),
        budgets,
      );
    return applied;
  });
}

async function applyPolicy(db: Queryable, policy: Policy): Promise<AppliedPolicy> {
  const hash = sha256(canonicalJson(policy));
  // Takes the task's row, so that of two appliers one sees the other's version.
  await db.query({
    name: 'lock-task',
    text: `insert into tasks (name, current_version) values ($1, 0)
           on conflict (name) do update set name = excluded.name`,
    values: [policy.task],
  });
  const { rows } = await db.query<{ version: number; current: boolean; content_sha256: string }>({
    name: 'latest-policies',
    text: `select p.version, p.version = t.current_version as current, p.content_sha256
           from policies p join tasks t on t.name = p.task where p.task = $1 order by p.version desc`,
    values: [policy.task],
  });
  const current = rows.find((row) => row.current);
  if (current?.content_sha256 === hash)
    return { task: policy.task, version: current.version, changed: false };
  const version = (rows[0]?.version ?? 0) + 1;
  await db.query({
    name: 'insert-policy',
    text: 'insert into policies (task, version, policy, content_sha256) values ($1, $2, $3, $4)',
    values: [policy.task, version, JSON.stringify(policy), hash],
  });
  await db.query({
    name: 'set-current-version',
    text: 'update tasks set current_version = $2, updated_at = now() where name = $1',
    values: [policy.task, version],
  });
  return { task: policy.task, version, changed: true };
}

/** The policy that new queries of a task take, or null for an unknown task. */
export async function currentPolicy(
  db: Queryable,
  task: string,
): Promise<{ version: number; policy: Policy } | null> {
  const { rows } = await db.query<{ version: number; policy: Policy }>({
    name: 'current-policy',
    text: `select p.version, p.policy from tasks t join policies p on p.task = t.name and p.version = t.current_version
           where t.name = $1`,
    values: [task],
  });
  return rows[0] ?? null;
}

/** A version that a query is pinned to. */
export async function policyVersion(db: Queryable, task: string, version: number): Promise<Policy> {
  const { rows } = await db.query<{ policy: Policy }>({
    name: 'policy-version',
    text: 'select policy from policies where task = $1 and version = $2',
    values: [task, version],
  });
  return onlyRow(rows, `version ${version} of task ${task}`).policy;
}

/** Every version of every task, or of one, newest first. */
export async function listPolicies(db: Queryable, task?: string): Promise<StoredPolicy[]> {
  const { rows } = await db.query<{
    task: string;
    version: number;
    current: boolean;
    created_at: Date;
    policy: Policy;
  }>({
    name: 'list-policies',
    text: `select p.task, p.version, p.version = t.current_version as current, p.created_at, p.policy
           from policies p join tasks t on t.name = p.task
           where $1::text is null or p.task = $1 order by p.task, p.version desc`,
    values: [task ?? null],
  });
  return rows.map(({ created_at, ...row }) => ({ ...row, createdAt: created_at }));
}

/** Names of all tasks, for the message that says a task is unknown. */
export async function taskNames(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>({
    name: 'task-names',
    text: 'select name from tasks order by name',
  });
  return rows.map((row) => row.name);
}
