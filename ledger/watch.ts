import type pg from 'pg';
import { fallbackOf } from '../core/fallback.ts';
import type { Policy } from '../core/policy.ts';
import {
  alarmText,
  claimOf,
  NOTHING_WATCHED,
  watchAudit,
  type Alarm,
  type SliceWatch,
  type WatchClaim,
  type WatchedAudit,
  type WatchState,
} from '../core/watch.ts';
import type { AlarmAction } from './alarms.ts';
import { markSuspect } from './certificates.ts';
import { inTransaction, type Queryable } from './database.ts';
import { changeTask, lockTask, type TaskState } from './policy-changes.ts';
import { policyVersion } from './policies.ts';
import { versionOf } from './policy-versions.ts';

/** A policy version whose audits have not all entered its watch. */
export interface UnwatchedVersion {
  readonly task: string;
  readonly version: number;
}

export interface WatchedBatch {
  readonly audits: number;
  readonly alarms: number;
}

/** Who changed the policy, in `policy_changes`. */
const WATCH = 'watch';

export async function unwatchedVersions(db: Queryable): Promise<UnwatchedVersion[]> {
  const { rows } = await db.query<UnwatchedVersion>({
    name: 'unwatched-versions',
    text: `select distinct task, policy_version as version from audits
           where watched_at is null and status in ('compared', 'incomparable') order by task, version`,
  });
  return rows;
}

/**
 * Takes at most so many audits of a policy version into its evidence, in the order in which they ended, and does what an alarm is to
 * do: all in one transaction, under the lock on the task, so that each audit counts once and an alarm acts once.
 */
export async function watchVersion(
  pool: pg.Pool,
  { task, version }: UnwatchedVersion,
  limit: number,
): Promise<WatchedBatch> {
  return inTransaction(pool, async (db) => {
    const state = await lockTask(db, task);
    const policy = await policyVersion(db, task, version);
    const claim = claimOf(policy);
    const audits = await unwatchedAudits(db, task, version, policy.watch?.labelWaitMs ?? 0, limit);
    const alarms: Alarm[] = [];
    if (claim !== null && audits.length > 0) {
      const before = await watchState(db, task, version);
      const after = fold(claim, before, audits, alarms);
      await keepState(db, task, version, before, after);
    }
    await markWatched(db, audits);
    const [first] = alarms;
    if (first !== undefined) {
      const action = await act(db, { task, version, policy, state }, alarmText(first));
      for (const alarm of alarms) await insertAlarm(db, task, version, alarm, action);
      if (policy.learned?.certificate) await markSuspect(db, task, version, alarmText(first));
    }
    return { audits: audits.length, alarms: alarms.length };
  });
}

function fold(
  claim: WatchClaim,
  before: WatchState,
  audits: readonly UnwatchedAudit[],
  alarms: Alarm[],
): WatchState {
  return audits.reduce((state, audit) => {
    const watched = watchAudit(claim, state, audit);
    alarms.push(...watched.alarms);
    return watched.state;
  }, before);
}

interface UnwatchedAudit extends WatchedAudit {
  readonly startedAt: string;
}

async function unwatchedAudits(
  db: Queryable,
  task: string,
  version: number,
  waitMs: number,
  limit: number,
): Promise<UnwatchedAudit[]> {
  const { rows } = await db.query<UnwatchedAudit>({
    name: 'unwatched-audits',
    text: `with due as (
             select query_started_at, query_id, baseline_stage from audits
             where task = $1 and policy_version = $2 and watched_at is null and status in ('compared', 'incomparable')
               and ended_at <= now() - make_interval(secs => $3)
             order by ended_at, query_id limit $4
           )
           select v.query_id as "queryId", to_json(v.query_started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt",
             to_json(v.ended_at at time zone 'UTC')#>>'{}' || 'Z' as "endedAt", v.tags, v.inclusion_probability as inclusion,
             coalesce(v.outcome = 'accepted', false) and not exists (
               select from attempts t where t.query_started_at = d.query_started_at and t.query_id = d.query_id
                 and t.purpose = 'serve' and t.stage = d.baseline_stage) as accepted, v.served_agrees as "servedAgrees",
             v.served_correct as "servedCorrect", v.baseline_correct as "baselineCorrect", v.judged_by as "judgedBy"
           from due d join audited_answers v on v.query_started_at = d.query_started_at and v.query_id = d.query_id
           order by v.ended_at, v.query_id`,
    values: [task, version, waitMs / 1000, limit],
  });
  return rows;
}

async function markWatched(db: Queryable, audits: readonly UnwatchedAudit[]): Promise<void> {
  await db.query({
    name: 'mark-watched',
    text: `update audits a set watched_at = now() from unnest($1::timestamptz[], $2::uuid[]) as w (started_at, query_id)
           where a.query_started_at = w.started_at and a.query_id = w.query_id`,
    values: [audits.map(({ startedAt }) => startedAt), audits.map(({ queryId }) => queryId)],
  });
}

/** The evidence of a policy version, by slice. */
export async function watchState(db: Queryable, task: string, version: number): Promise<WatchState> {
  const { rows } = await db.query<{ slice: string; state: SliceWatch }>({
    name: 'watch-state',
    text: 'select slice, state from watches where task = $1 and policy_version = $2',
    values: [task, version],
  });
  return rows.length === 0
    ? NOTHING_WATCHED
    : Object.fromEntries(rows.map(({ slice, state }) => [slice, state]));
}

async function keepState(
  db: Queryable,
  task: string,
  version: number,
  before: WatchState,
  after: WatchState,
): Promise<void> {
  const changed = Object.entries(after).filter(([slice, state]) => state !== before[slice]);
  await db.query({
    name: 'keep-watch-state',
    text: `insert into watches (task, policy_version, slice, state)
           select $1, $2, slice, state from unnest($3::text[], $4::jsonb[]) as w (slice, state)
           on conflict (task, policy_version, slice) do update set state = excluded.state, updated_at = now()`,
    values: [
      task,
      version,
      changed.map(([slice]) => slice),
      changed.map(([, state]) => JSON.stringify(state)),
    ],
  });
}

interface Alarmed {
  readonly task: string;
  readonly version: number;
  readonly policy: Policy;
  readonly state: TaskState;
}

/** What the policy says is to be done, where its version is what new queries take. */
async function act(
  db: Queryable,
  { task, version, policy, state }: Alarmed,
  reason: string,
): Promise<AlarmAction> {
  const wanted = policy.watch?.onSuspect ?? 'keep';
  const author = { by: WATCH, reason };
  if (wanted === 'keep' || state.version === null) return 'keep';
  if (state.canary?.version === version) {
    await changeTask(db, task, 'stop-canary', state, { version: state.version, canary: null }, author);
    return 'stop-canary';
  }
  if (state.version !== version) return 'keep';
  if (wanted === 'stop') {
    if (state.stopped !== null) return 'keep';
    await changeTask(db, task, 'stop', state, { version, canary: null, stopped: reason }, author);
    return 'stop';
  }
  const fallback = await versionOf(db, fallbackOf(policy, version));
  await changeTask(db, task, 'fallback', state, { version: fallback, canary: null }, author);
  return 'baseline';
}

async function insertAlarm(
  db: Queryable,
  task: string,
  version: number,
  alarm: Alarm,
  action: AlarmAction,
): Promise<void> {
  const { slice, at, audits, loss, meanLoss, alpha, pValue, level, judges } = alarm;
  await db.query({
    name: 'insert-alarm',
    text: `insert into alarms (task, policy_version, slice, audit_ended_at, audits, loss, mean_loss, alpha, p_value, level, judges, action)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    values: [task, version, slice, at, audits, loss, meanLoss, alpha, pValue, level, judges, action],
  });
}
