import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { BudgetState } from '../core/budget.ts';
import { formatUsd, parseUsd, type DecimalUsd } from '../core/money.ts';
import { reactionTo, type FailureKind } from '../core/failure.ts';
import type { Purpose } from '../core/policy.ts';
import type { AttemptStatus, AttemptSummary } from '../core/result.ts';
import { denyReservation } from './budgets.ts';
import { inOneTrip, inTransaction, onlyRow, type Queryable } from './database.ts';
import { insertIntent, openAtOnce, openingAtOnce } from './insert-intent.ts';
import type { QueryRef } from './texts.ts';

/** What the state machine asks for. Its attempts share this identity and differ in `try`. */
export interface Call extends QueryRef {
  readonly purpose: Purpose;
  readonly stage: number;
  readonly ordinal: number;
}

export interface Intent extends Call {
  readonly task: string;
  readonly policyVersion: number;
  readonly provider: string;
  readonly model: string;
  readonly modelId: string;
  readonly priceId: string | null;
  /** The tier asked for; null for the default. */
  readonly serviceTier: string | null;
  /** The most that the request can cost; null where nothing bounds it. */
  readonly worstCaseUsd: DecimalUsd | null;
  /** The query's hard limit; null for none. */
  readonly maxCostUsd: DecimalUsd | null;
  /** Whether the last part of every budget is kept from it, for first stages. */
  readonly sparesFirstStages: boolean;
  /** After so many failures of the call in this run it is not tried again. */
  readonly maxAttempts: number;
  /** Milliseconds after which this process has aborted the request. */
  readonly expiresInMs: number;
  readonly workflowId: string;
  readonly runId: string;
  readonly activityAttempt: number;
  readonly worker: string;
}

export type Opened =
  /** The row is committed: the request may leave. */
  | {
      readonly type: 'opened';
      readonly attemptId: string;
      /** Which try of its call it is, from 1. */
      readonly number: number;
      readonly failedBefore: number;
    }
  /** The call has succeeded before: nothing is bought again. */
  | { readonly type: 'found'; readonly attemptId: string }
  /** The call has failed for good in this run: neither is that. */
  | { readonly type: 'failed'; readonly kind: FailureKind; readonly message: string }
  /** The ledger has no such query: see `restoreQuery`. */
  | { readonly type: 'lost' }
  /** The run was asked to stop. */
  | { readonly type: 'cancelled' }
  /** Its worst case does not fit into what is left of these budgets, or of the query's own limit where there are none. */
  | { readonly type: 'denied'; readonly budgets: readonly BudgetState[] };

/**
 * Commits the intent to make a request, unless the call has succeeded or failed for good already, or could overspend. Under a lock on the
 * query, so that two executions of a call cannot both open an attempt of the same try. An attempt of the call that is
 * still open is superseded: its process is lost, or its close will come late and win.
 */
export async function openAttempt(pool: pg.Pool, intent: Intent): Promise<Opened> {
  const attemptId = uuidv7();
  if (await openAtOnce(pool, intent, attemptId)) return firstTry(attemptId);
  return inTransaction(pool, async (db) => {
    const query = await lockQuery(db, intent);
    if (query === null) return { type: 'lost' };
    // An audit runs beside the query, which stays with the run that worked on it.
    if (intent.purpose !== 'audit' && query.runId !== intent.runId) await handOver(db, intent);
    const earlier = await attemptsOfCall(db, intent);
    // Also where the call turns out to be paid for: nobody will try it again, and the row would stay open.
    if (earlier.some((attempt) => attempt.status === 'started')) await supersede(db, intent);
    const succeeded = earlier.find((attempt) => attempt.status === 'succeeded');
    if (succeeded !== undefined) return { type: 'found', attemptId: succeeded.attempt_id };
    if (query.cancelRequestedRunId === intent.runId) return { type: 'cancelled' };
    const failed = earlier.filter(
      (attempt) => attempt.status === 'failed' && attempt.run_id === intent.runId,
    );
    const final = finalFailure(failed, intent.maxAttempts);
    if (final !== null) return final;
    if (!(await fitsBudget(db, intent))) return { type: 'denied', budgets: [] };
    const number = earlier.length + 1;
    // Budgets are shared by many queries: from here on little may come before the commit.
    const reservations = await insertIntent(db, intent, query.tenant, attemptId, number);
    if (reservations.some(({ fits }) => !fits)) {
      return { type: 'denied', budgets: await denyReservation(db, reservations, intent.worstCaseUsd) };
    }
    if (intent.purpose === 'serve' && query.status === 'ended') await resumeQuery(db, intent);
    return { type: 'opened', attemptId, number, failedBefore: failed.length };
  });
}

/**
 * The same with a statement before it in the same commit, which fails where it cannot be.
 * @returns null where another way has to be taken; then neither was done.
 */
export async function openAttemptBehind(
  pool: pg.Pool,
  before: pg.QueryConfig,
  intent: Intent,
): Promise<Opened | null> {
  const attemptId = uuidv7();
  const opening = openingAtOnce(intent, attemptId);
  if (opening === null) return null;
  const [, opened] = await inOneTrip(pool, [before, opening]);
  return opened?.rowCount === 1 ? firstTry(attemptId) : openAttempt(pool, intent);
}

function firstTry(attemptId: string): Opened {
  return { type: 'opened', attemptId, number: 1, failedBefore: 0 };
}

export interface LockedQuery {
  readonly runId: string;
  readonly tenant: string | null;
  readonly cancelRequestedRunId: string | null;
  readonly status: 'running' | 'ended';
  /** Whether it has ended, and served something. */
  readonly answered: boolean;
}

/** Under a lock until the end of the transaction; null for a query that the ledger does not have. */
export async function lockQuery(db: Queryable, call: QueryRef): Promise<LockedQuery | null> {
  const { rows } = await db.query<LockedQuery>({
    name: 'lock-query',
    text: `select run_id as "runId", tenant, cancel_requested_run_id as "cancelRequestedRunId", status, status = 'ended' and served_attempt_id is not null as answered
           from queries where started_at = $1 and query_id = $2 for update`,
    values: [call.startedAt, call.queryId],
  });
  return rows[0] ?? null;
}

/** The run that asks for a request works on the query now: after a reset it is another than the one that planned. */
async function handOver(db: Queryable, intent: Intent): Promise<void> {
  await db.query({
    name: 'hand-over-query',
    text: 'update queries set run_id = $3 where started_at = $1 and query_id = $2',
    values: [intent.startedAt, intent.queryId, intent.runId],
  });
}

/** A run that was reset goes on with a query that had ended without an answer: its responses have to be kept again. */
async function resumeQuery(db: Queryable, call: QueryRef): Promise<void> {
  await db.query({
    name: 'resume-query',
    text: `update queries set status = 'running', outcome = null, accepted = null, failure_message = null, ended_at = null
           where started_at = $1 and query_id = $2 and status = 'ended' and served_attempt_id is null`,
    values: [call.startedAt, call.queryId],
  });
}

/**
 * The failure after which an execution of the call tries no more, where one has come to it and was lost before it could tell.
 * @param failed the call's failures in this run, oldest first.
 */
function finalFailure(
  failed: readonly AttemptOfCall[],
  maxAttempts: number,
): Extract<Opened, { type: 'failed' }> | null {
  const last = failed.at(-1);
  if (last?.failure_kind == null) return null;
  if (reactionTo(last.failure_kind) === 'retry' && failed.length < maxAttempts) return null;
  return { type: 'failed', kind: last.failure_kind, message: last.failure_message ?? last.failure_kind };
}

interface AttemptOfCall {
  readonly attempt_id: string;
  readonly status: AttemptStatus;
  readonly run_id: string;
  readonly failure_kind: FailureKind | null;
  readonly failure_message: string | null;
}

async function attemptsOfCall(db: Queryable, call: Call): Promise<AttemptOfCall[]> {
  const { rows } = await db.query<AttemptOfCall>({
    name: 'attempts-of-call',
    text: `select attempt_id, status, run_id, failure_kind, failure_message from attempts
           where query_started_at = $1 and query_id = $2 and purpose = $3 and stage = $4 and ordinal = $5 order by try`,
    values: [call.startedAt, call.queryId, call.purpose, call.stage, call.ordinal],
  });
  return rows;
}

async function supersede(db: Queryable, call: Call): Promise<void> {
  await db.query({
    name: 'supersede-attempts',
    text: `update attempts set status = 'orphaned', closed_at = now(),
             failure_message = 'superseded by a later try: the process that made the request was lost'
           where query_started_at = $1 and query_id = $2 and purpose = $3 and stage = $4 and ordinal = $5
             and status = 'started'`,
    values: [call.startedAt, call.queryId, call.purpose, call.stage, call.ordinal],
  });
}

async function fitsBudget(db: Queryable, intent: Intent): Promise<boolean> {
  if (intent.maxCostUsd === null) return true;
  if (intent.worstCaseUsd === null) return false;
  const { rows } = await db.query<{ high: DecimalUsd | null }>({
    name: 'spent-at-most',
    text: `select case when count(*) filter (where cost_high_usd is null) = 0
             then coalesce(sum(cost_high_usd), 0) end::text as high
           from attempts where query_started_at = $1 and query_id = $2 and purpose <> 'audit'`,
    values: [intent.startedAt, intent.queryId],
  });
  const { high } = onlyRow(rows, `the spend of query ${intent.queryId}`);
  return high !== null && parseUsd(high) + parseUsd(intent.worstCaseUsd) <= parseUsd(intent.maxCostUsd);
}

export interface SummaryRow extends Omit<AttemptSummary, 'costUsd' | 'costLowUsd' | 'costHighUsd'> {
  readonly low: DecimalUsd;
  readonly high: DecimalUsd | null;
}

/** What an attempt was paid for: the answer, or a look at it afterwards. */
export type PaidFor = 'serving' | 'audit';

/** Every attempt of a query, in the order in which they were opened; those of its audit are no part of what it cost. */
export async function attemptsOfQuery(
  db: Queryable,
  query: QueryRef,
  paidFor: PaidFor = 'serving',
): Promise<AttemptSummary[]> {
  const { rows } = await db.query<SummaryRow>(queryAttempts(query, paidFor));
  return summaries(rows);
}

/** The statement of {@link attemptsOfQuery}, whose rows are read by {@link summaries}. */
export function queryAttempts(query: QueryRef, paidFor: PaidFor = 'serving'): pg.QueryConfig {
  return {
    name: 'attempts-of-query',
    text: `select attempt_id as "attemptId", purpose, stage, try, provider, model, status, failure_kind as failure,
             input_tokens::float8 as "inputTokens", output_tokens::float8 as "outputTokens", latency_ms as "latencyMs",
             confidence, threshold, verdict, cost_low_usd::text as low, cost_high_usd::text as high
           from attempts where query_started_at = $1 and query_id = $2 and (purpose = 'audit') = $3
           order by started_at, attempt_id`,
    values: [query.startedAt, query.queryId, paidFor === 'audit'],
  };
}

export function summaries(rows: readonly SummaryRow[]): AttemptSummary[] {
  return rows.map(({ low, high, ...row }) => {
    const costLowUsd = formatUsd(parseUsd(low));
    const costHighUsd = high === null ? null : formatUsd(parseUsd(high));
    return { ...row, costUsd: costLowUsd === costHighUsd ? costLowUsd : null, costLowUsd, costHighUsd };
  });
}
