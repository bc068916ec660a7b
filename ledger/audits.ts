import type pg from 'pg';
import { isAudited } from '../core/audit.ts';
import type { Policy, Retention } from '../core/policy.ts';
import { inTransaction, type Queryable } from './database.ts';
import { policyVersion } from './policies.ts';
import { settlingTexts, type QueryRef } from './texts.ts';
import { keptMessage } from './quoted-words.ts';

/** What audits ask of the ledger. Each method is one transaction, safe to run again. */
export interface AuditLedger {
  /** Audits whose query has been answered, oldest first. */
  dueAudits(namespace: string, limit: number): Promise<QueryRef[]>;
  /** Some of the audits that began at least so many seconds ago and have not ended, in a random order. */
  runningAudits(namespace: string, olderThanSeconds: number, limit: number): Promise<QueryRef[]>;
  /** Marks an audit as running, and says what it is about; null where there is nothing to audit (any more). */
  beginAudit(query: QueryRef): Promise<AuditSubject | null>;
  /** Ends an audit: the comparison, and the query's texts as its task retains them. Returns whether it was still open. */
  endAudit(end: AuditEnd): Promise<boolean>;
}

/** A query that is audited. */
export interface AuditSubject extends QueryRef {
  readonly policyVersion: number;
  readonly policy: Policy;
  readonly retention: Retention;
  readonly servedAttemptId: string;
}

export interface AuditEnd extends QueryRef {
  readonly retention: Retention;
  readonly baselineAttemptId: string | null;
  readonly servedAgrees: boolean | null;
  /** Of every usable response, by attempt id. */
  readonly agreements: readonly { readonly attemptId: string; readonly agrees: boolean | null }[];
  readonly message: string | null;
}

export function createAuditLedger(pool: pg.Pool): AuditLedger {
  return {
    dueAudits: (namespace, limit) => dueAudits(pool, namespace, limit),
    runningAudits: (namespace, seconds, limit) => runningAudits(pool, namespace, seconds, limit),
    beginAudit: (query) => beginAudit(pool, query),
    endAudit: (end) => endAudit(pool, end),
  };
}

/**
 * Chooses a query that is planned, or not, in its transaction: see {@link isAudited}.
 * @param share the chance with which it is chosen; null where its task has no audits.
 */
export async function planAudit(
  db: Queryable,
  query: QueryRef,
  version: number,
  { task, chain }: Policy,
  share: number | null,
): Promise<void> {
  if (share === null || !isAudited(query.queryId, share)) return;
  await db.query({
    name: 'plan-audit',
    text: `insert into audits (query_started_at, query_id, task, policy_version, inclusion_probability, baseline_model, baseline_stage)
           values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [query.startedAt, query.queryId, task, version, share, chain.at(-1)?.model, chain.length - 1],
  });
}

const REF = `a.query_id as "queryId", to_json(a.query_started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt"`;

async function dueAudits(pool: pg.Pool, namespace: string, limit: number): Promise<QueryRef[]> {
  const { rows } = await pool.query<QueryRef>({
    name: 'due-audits',
    text: `select ${REF} from audits a
           join queries q on q.started_at = a.query_started_at and q.query_id = a.query_id
           where a.status = 'due' and q.status = 'ended' and q.namespace = $1 order by a.planned_at limit $2`,
    values: [namespace, limit],
  });
  return rows;
}

/** In a random order: audits that take long must not keep others from being looked at. */
async function runningAudits(
  pool: pg.Pool,
  namespace: string,
  olderThanSeconds: number,
  limit: number,
): Promise<QueryRef[]> {
  const { rows } = await pool.query<QueryRef>({
    name: 'running-audits',
    text: `select ${REF} from audits a
           join queries q on q.started_at = a.query_started_at and q.query_id = a.query_id
           where a.status = 'running' and q.namespace = $1 and a.began_at < now() - make_interval(secs => $2)
           order by random() limit $3`,
    values: [namespace, olderThanSeconds, limit],
  });
  return rows;
}

async function beginAudit(pool: pg.Pool, query: QueryRef): Promise<AuditSubject | null> {
  return inTransaction(pool, async (db) => {
    const found = await lockSubject(db, query);
    if (found === undefined) return null;
    await db.query({
      name: 'begin-audit',
      text: `update audits set status = 'running', began_at = coalesce(began_at, now())
             where query_started_at = $1 and query_id = $2`,
      values: [query.startedAt, query.queryId],
    });
    return { ...query, ...found, policy: await policyVersion(db, found.task, found.policyVersion) };
  });
}

interface SubjectRow {
  readonly task: string;
  readonly policyVersion: number;
  readonly retention: Retention;
  readonly servedAttemptId: string;
}

/** Under the lock on the query, taken first as everywhere: it cannot be opened again meanwhile. */
async function lockSubject(db: Queryable, query: QueryRef): Promise<SubjectRow | undefined> {
  const { rows } = await db.query<SubjectRow>({
    name: 'lock-audit-subject',
    text: `select q.task, q.policy_version as "policyVersion", q.retention, q.served_attempt_id as "servedAttemptId"
           from queries q join audits a on a.query_started_at = q.started_at and a.query_id = q.query_id
           where q.started_at = $1 and q.query_id = $2 and q.status = 'ended' and q.served_attempt_id is not null
             and a.query_started_at = $1 and a.status in ('due', 'running') for update of q`,
    values: [query.startedAt, query.queryId],
  });
  return rows[0];
}

async function endAudit(pool: pg.Pool, end: AuditEnd): Promise<boolean> {
  return inTransaction(pool, async (db) => {
    if ((await lockSubject(db, end)) === undefined) return false;
    await db.query({
      name: 'end-audit',
      text: `update audits set status = case when $4::boolean is null then 'incomparable' else 'compared' end,
               baseline_attempt_id = $3, served_agrees = $4, message = $5, ended_at = now()
             where query_started_at = $1 and query_id = $2`,
      values: [
        end.startedAt,
        end.queryId,
        end.baselineAttemptId,
        end.servedAgrees,
        keptMessage(end.message, end.retention),
      ],
    });
    await db.query({
      name: 'compare-attempts',
      text: `update attempts t set agrees_with_baseline = c.agrees
             from unnest($3::uuid[], $4::boolean[]) as c (attempt_id, agrees)
             where t.query_started_at = $1 and t.query_id = $2 and t.attempt_id = c.attempt_id`,
      values: [
        end.startedAt,
        end.queryId,
        end.agreements.map(({ attemptId }) => attemptId),
        end.agreements.map(({ agrees }) => agrees),
      ],
    });
    await db.query(settlingTexts(end, end.retention === 'full', true));
    return true;
  });
}
