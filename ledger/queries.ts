import { v7 as uuidv7 } from 'uuid';
import { auditShareOf } from '../core/audit.ts';
import type { Outcome } from '../core/cascade.ts';
import type { JsonObject, Policy, Retention } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import { requestHash } from '../core/request-hash.ts';
import { planAudit } from './audits.ts';
import { onlyRow, type Queryable } from './database.ts';
import { keepText, type QueryRef, type Sealer } from './texts.ts';

/** The Temporal run that a query is worked on by. */
export interface QueryRun {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
}

export interface QueryRow extends QueryRef {
  readonly task: string;
  readonly policyVersion: number;
  readonly status: 'running' | 'ended';
  readonly outcome: Outcome | null;
  readonly accepted: boolean | null;
  readonly servedAttemptId: string | null;
  readonly confidence: number | null;
  readonly threshold: number | null;
  readonly retention: Retention;
}

/** What a workflow id stands for. */
export interface QueryKey extends QueryRef {
  readonly requestSha256: string;
}

const QUERY_COLUMNS = `query_id as "queryId", to_json(started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt", task,
  policy_version as "policyVersion", status, outcome, accepted, served_attempt_id as "servedAttemptId",
  confidence, threshold, retention`;

/**
 * Claims a workflow id for a request, or finds what it stands for already.
 * @param as the query that a new key is to stand for; by default a new one.
 */
export async function claimKey(
  db: Queryable,
  run: QueryRun,
  request: CascadeRequest,
  as?: QueryRef,
): Promise<QueryKey> {
  const { rows } = await db.query<QueryKey>({
    name: 'claim-key',
    text: `insert into query_keys (namespace, workflow_id, query_id, started_at, request_sha256)
           values ($1, $2, $3, coalesce($5, now()), $4)
           on conflict (namespace, workflow_id) do update set namespace = excluded.namespace
           returning query_id as "queryId", to_json(started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt",
             request_sha256 as "requestSha256"`,
    values: [
      run.namespace,
      run.workflowId,
      as?.queryId ?? uuidv7(),
      requestHash(request),
      as?.startedAt ?? null,
    ],
  });
  return onlyRow(rows, `workflow ${run.workflowId}`);
}

/** Gives a key of an earlier month free. To be called only where that month is known to be gone: it would be billed again. */
export async function releaseKey(db: Queryable, run: QueryRun): Promise<void> {
  await db.query({
    name: 'release-key',
    text: `delete from query_keys where namespace = $1 and workflow_id = $2
             and started_at < date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'`,
    values: [run.namespace, run.workflowId],
  });
}

/** Under a lock, so that the query cannot end between this look and what is done about it. */
export async function findQuery(db: Queryable, key: QueryKey): Promise<QueryRow | null> {
  const { rows } = await db.query<QueryRow>({
    name: 'find-query',
    text: `select ${QUERY_COLUMNS} from queries where started_at = $1 and query_id = $2 for update`,
    values: [key.startedAt, key.queryId],
  });
  return rows[0] ?? null;
}

/** A query as it has ended with an answer in this run; null elsewhere. */
export async function answeredIn(db: Queryable, query: QueryRef, runId: string): Promise<QueryRow | null> {
  const { rows } = await db.query<QueryRow>({
    name: 'answered-in',
    text: `select ${QUERY_COLUMNS} from queries where started_at = $1 and query_id = $2 and run_id = $3
             and status = 'ended' and served_attempt_id is not null`,
    values: [query.startedAt, query.queryId, runId],
  });
  return rows[0] ?? null;
}

export interface NewQuery {
  readonly key: QueryKey;
  readonly run: QueryRun;
  readonly request: CascadeRequest;
  /** What it is pinned to. */
  readonly version: number;
  readonly policy: Policy;
}

/** What is kept of a request for those who ask models with it. */
export function promptOf({ messages, parameters = {} }: CascadeRequest): JsonObject {
  return { messages, parameters };
}

/** Opens a query: its row, its prompt, and its audit where it is chosen for one, in the caller's transaction. */
export async function insertQuery(db: Queryable, sealer: Sealer | null, query: NewQuery): Promise<void> {
  const { key, run, request, version, policy } = query;
  const { tags = {} } = request;
  const auditShare = policy.audit === undefined ? null : auditShareOf(policy.audit, tags);
  await db.query({
    name: 'insert-query',
    text: `insert into queries (query_id, started_at, task, policy_version, tenant, tags, retention, request_sha256,
             namespace, workflow_id, run_id, audit_probability)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           on conflict (started_at, query_id) do nothing`,
    values: [
      key.queryId,
      key.startedAt,
      request.task,
      version,
      request.tenant ?? null,
      JSON.stringify(tags),
      policy.retention,
      policy.retention === 'none' ? null : key.requestSha256,
      run.namespace,
      run.workflowId,
      run.runId,
      auditShare,
    ],
  });
  await keepText(db, sealer, key, 'request', promptOf(request));
  await planAudit(db, key, version, policy, auditShare);
}

/**
 * Hands a query without an answer to the run that works on it now: a later run of a key that ended without one opens it
 * again. For the run that has it already nothing changes.
 */
export async function reopenQuery(
  db: Queryable,
  sealer: Sealer | null,
  query: Pick<NewQuery, 'key' | 'run' | 'request'>,
): Promise<void> {
  await db.query({
    name: 'reopen-query',
    text: `update queries set status = 'running', outcome = null, accepted = null, failure_message = null,
             ended_at = null, run_id = $3 where started_at = $1 and query_id = $2`,
    values: [query.key.startedAt, query.key.queryId, query.run.runId],
  });
  await keepText(db, sealer, query.key, 'request', promptOf(query.request));
}
