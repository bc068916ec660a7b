import type pg from 'pg';
import type { Budget } from '../core/budget.ts';
import type { Policy } from '../core/policy.ts';
import { applyBudgets } from './budget-limits.ts';
import { inTransaction, onlyRow, type Queryable } from './database.ts';
import {
  changeTask,
  lockTask,
  NOBODY,
  PolicyProblem,
  type Author,
  type CanaryShare,
} from './policy-changes.ts';
import { contentHash, insertPolicy, isAsWritten, policyHashes } from './policy-versions.ts';

export interface StoredPolicy {
  readonly task: string;
  readonly version: number;
  readonly current: boolean;
  /** Share of new queries that take it as a canary; null where it is none. */
  readonly canaryShare: number | null;
  readonly createdAt: Date;
  readonly policy: Policy;
}

export interface AppliedPolicy {
  readonly task: string;
  /** The version that is current now. */
  readonly version: number;
  /** False when the task's current policy already had this content, or when a promoted one stays current. */
  readonly changed: boolean;
  /** The current version was promoted, and these settings did not take its place. */
  readonly promoted?: true;
  /** Where settings that have changed were left out: that they were, and what to do. */
  readonly leftOut?: string;
}

export interface ApplyOptions {
  /**
   * Of a task whose current version was promoted, or that has a canary, and whose settings have changed since: `refuse` (the
   * default) all of it, `keep` what is there, or `replace` it. With unchanged settings it always stays.
   */
  readonly promoted?: 'refuse' | 'keep' | 'replace';
  readonly author?: Author;
}

/**
 * Makes the settings' policies current, all or none. Content that is current already makes no new version.
 * @param budgets take the place of those that these tasks and all tenants have; undefined leaves all budgets as they are.
 * @throws {PolicyProblem} when a promoted policy or a canary stands in the way.
 */
export async function applyPolicies(
  pool: pg.Pool,
  policies: readonly Policy[],
  budgets?: readonly Budget[],
  options: ApplyOptions = {},
): Promise<AppliedPolicy[]> {
  return inTransaction(pool, async (db) => {
    const applied: AppliedPolicy[] = [];
    // In one order everywhere, so that two appliers wait for each other instead of deadlocking.
    for (const policy of [...policies].sort((a, b) => (a.task < b.task ? -1 : 1))) {
      applied.push(await applyPolicy(db, policy, options));
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

async function applyPolicy(
  db: Queryable,
  policy: Policy,
  { promoted = 'refuse', author = NOBODY }: ApplyOptions,
): Promise<AppliedPolicy> {
  const { task } = policy;
  const state = await lockTask(db, task);
  const versions = await policyHashes(db, task);
  const current = versions.find(({ version }) => version === state.version);
  const hash = contentHash(policy);
  if (current?.sha256 === hash) return { task, version: current.version, changed: false };
  const inTheWay = current !== undefined && (current.learned || state.canary !== null);
  if (inTheWay && promoted !== 'replace') {
    const kept: AppliedPolicy = {
      task,
      version: current.version,
      changed: false,
      ...(current.learned ? { promoted: true } : {}),
    };
    if (await isAsWritten(db, policy)) return kept;
    const leftOut = changedUnder(task, current.version, state.canary);
    if (promoted === 'keep') return { ...kept, leftOut };
    throw new PolicyProblem(leftOut);
  }
  const version = await insertPolicy(db, policy, versions);
  await changeTask(db, task, 'apply', state, { version, canary: null }, author);
  return { task, version, changed: true };
}

function changedUnder(task: string, version: number, canary: CanaryShare | null): string {
  const what =
    canary === null
      ? `task ${task} runs version ${version}, which was promoted`
      : `task ${task} has a canary (version ${canary.version}, ${canary.share * 100}% of new queries)`;
  return `${what}, and its settings have changed since: take them over with "escalier promote" of the same folder, go back with "escalier rollback --task ${task}", or put the settings' own policy in its place with "escalier apply --force"`;
}

/** A version of a policy that a query may be pinned to. */
export interface VersionedPolicy {
  readonly version: number;
  readonly policy: Policy;
}

/** The policy that new queries of a task take, but for those of a canary; null for an unknown task. */
export async function currentPolicy(db: Queryable, task: string): Promise<VersionedPolicy | null> {
  return (await policyArms(db, task))?.current ?? null;
}

export interface PolicyArms {
  readonly current: VersionedPolicy;
  readonly canary: (VersionedPolicy & { readonly share: number }) | null;
  /** Why new queries are refused; null where they are not. */
  readonly stopped: string | null;
}

/** What new queries of a task take, or null for an unknown task. */
export async function policyArms(db: Queryable, task: string): Promise<PolicyArms | null> {
  const { rows } = await db.query<{
    version: number;
    policy: Policy;
    canaryVersion: number;
    canaryPolicy: Policy | null;
    share: number;
    stopped: string | null;
  }>({
    name: 'policy-arms',
    text: `select p.version, p.policy, c.version as "canaryVersion", c.policy as "canaryPolicy", t.canary_share as share,
             t.stopped_reason as stopped
           from tasks t join policies p on p.task = t.name and p.version = t.current_version
           left join policies c on c.task = t.name and c.version = t.canary_version
           where t.name = $1`,
    values: [task],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { version, policy, canaryVersion, canaryPolicy, share, stopped } = row;
  return {
    current: { version, policy },
    canary: canaryPolicy === null ? null : { version: canaryVersion, policy: canaryPolicy, share },
    stopped,
  };
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
    canaryShare: number | null;
    created_at: Date;
    policy: Policy;
  }>({
    name: 'list-policies',
    text: `select p.task, p.version, p.version = t.current_version as current,
             case when p.version = t.canary_version then t.canary_share end as "canaryShare", p.created_at, p.policy
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
