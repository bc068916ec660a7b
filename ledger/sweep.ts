import type pg from 'pg';
import { formatUsd, parseUsd, type DecimalUsd } from '../core/money.ts';
import type { Retention } from '../core/policy.ts';
import type { Usage } from '../core/usage.ts';
import { correctSettlement } from './budgets.ts';
import { inTransaction } from './database.ts';
import type { QueryRef } from './texts.ts';

/** What the sweeper asks of the ledger. Each method is one transaction, safe to run again, and twice at once. */
export interface SweepLedger {
  /** Orphans at most so many open attempts whose time is over; returns how many. */
  orphanExpired(limit: number): Promise<number>;
  /** Running queries in the order of their start, after a place in it. */
  runningQueries(page: RunningPage): Promise<RunningQuery[]>;
  /** Attempts whose cost their provider may tell now. */
  unsettledAttempts(search: UnsettledSearch): Promise<UnsettledAttempt[]>;
  /** Takes a provider's late word on a cost; returns whether the row still waited for it. */
  settleCost(settlement: CostSettlement): Promise<boolean>;
}

export interface RunningPage {
  readonly namespace: string;
  /** Null for the beginning. */
  readonly after: QueryRef | null;
  /** Seconds since the query started: a younger one is being planned, or has just begun. */
  readonly olderThanSeconds: number;
  readonly limit: number;
}

export interface RunningQuery extends QueryRef {
  readonly workflowId: string;
  readonly runId: string;
  readonly retention: Retention;
}

export interface UnsettledSearch {
  readonly providers: readonly string[];
  /** Seconds since the close. */
  readonly closedWithinSeconds: readonly [from: number, to: number];
  readonly limit: number;
}

export interface UnsettledAttempt {
  readonly attemptId: string;
  readonly queryStartedAt: string;
  readonly provider: string;
  readonly responseId: string;
}

export interface CostSettlement {
  readonly attemptId: string;
  readonly queryStartedAt: string;
  readonly costUsd: DecimalUsd;
  /** Null where the provider tells none: the row keeps what it has. */
  readonly usage: Usage | null;
}

export function createSweepLedger(pool: pg.Pool): SweepLedger {
  return {
    orphanExpired: (limit) => orphanExpired(pool, limit),
    runningQueries: (page) => runningQueries(pool, page),
    unsettledAttempts: (search) => unsettledAttempts(pool, search),
    settleCost: (settlement) => settleCost(pool, settlement),
  };
}

/**
 * Its bounds and the source of its cost stay as they were: nothing has become known. It takes no lock on the query and
 * waits for none on an attempt, so that it cannot deadlock with a close, which takes the query's first.
 */
async function orphanExpired(pool: pg.Pool, limit: number): Promise<number> {
  const { rowCount } = await pool.query({
    name: 'orphan-expired',
    text: `with expired as (
             select query_started_at, attempt_id from attempts
             where status = 'started' and expires_at < now() order by expires_at limit $1 for update skip locked
           )
           update attempts a set status = 'orphaned', closed_at = now(),
             failure_message = 'never closed: its request had ended by ' || to_char(a.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
               || ', and the worker that made it did not live to say how'
           from expired e where a.query_started_at = e.query_started_at and a.attempt_id = e.attempt_id`,
    values: [limit],
  });
  return rowCount ?? 0;
}

async function runningQueries(pool: pg.Pool, page: RunningPage): Promise<RunningQuery[]> {
  const { rows } = await pool.query<RunningQuery>({
    name: 'running-queries',
    text: `select query_id as "queryId", to_json(started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt",
             workflow_id as "workflowId", run_id as "runId", retention
           from queries
           where status = 'running' and namespace = $1 and started_at < now() - make_interval(secs => $2)
             and (started_at, query_id) > ($3::timestamptz, $4::uuid)
           order by queries.started_at, query_id limit $5`,
    values: [
      page.namespace,
      page.olderThanSeconds,
      page.after?.startedAt ?? '-infinity',
      page.after?.queryId ?? '00000000-0000-0000-0000-000000000000',
      page.limit,
    ],
  });
  return rows;
}

/** In a random order: attempts whose provider never answers must not keep others from being asked for. */
async function unsettledAttempts(pool: pg.Pool, search: UnsettledSearch): Promise<UnsettledAttempt[]> {
  const [from, to] = search.closedWithinSeconds;
  const { rows } = await pool.query<UnsettledAttempt>({
    name: 'unsettled-attempts',
    text: `select attempt_id as "attemptId", to_json(query_started_at at time zone 'UTC')#>>'{}' || 'Z' as "queryStartedAt",
             provider, response_id as "responseId"
           from attempts
           where cost_usd is null and response_id is not null and provider = any($1)
             and closed_at between now() - make_interval(secs => $3) and now() - make_interval(secs => $2)
           order by random() limit $4`,
    values: [search.providers, from, to, search.limit],
  });
  return rows;
}

async function settleCost(pool: pg.Pool, settlement: CostSettlement): Promise<boolean> {
  const { usage } = settlement;
  const cost = parseUsd(settlement.costUsd);
  return inTransaction(pool, async (db) => {
    const { rows } = await db.query<{ budgetKeys: string[] | null; high: DecimalUsd | null }>({
      name: 'settle-cost',
      text: `update attempts set cost_low_usd = $3::numeric, cost_high_usd = $3::numeric, cost_source = 'provider',
               input_tokens = coalesce($4, input_tokens), cached_input_tokens = coalesce($5, cached_input_tokens),
               cache_write_tokens = coalesce($6, cache_write_tokens), input_audio_tokens = coalesce($7, input_audio_tokens),
               output_tokens = coalesce($8, output_tokens), reasoning_tokens = coalesce($9, reasoning_tokens),
               output_audio_tokens = coalesce($10, output_audio_tokens)
             where query_started_at = $1 and attempt_id = $2 and status in ('succeeded', 'failed', 'cancelled')
               and cost_usd is null
             returning budget_keys as "budgetKeys", (select before.cost_high_usd::text from attempts before
               where before.query_started_at = $1 and before.attempt_id = $2) as high`,
      values: [
        settlement.queryStartedAt,
        settlement.attemptId,
        formatUsd(cost),
        usage?.inputTokens ?? null,
        usage?.cachedInputTokens ?? null,
        usage?.cacheWriteTokens ?? null,
        usage?.inputAudioTokens ?? null,
        usage?.outputTokens ?? null,
        usage?.reasoningTokens ?? null,
        usage?.outputAudioTokens ?? null,
      ],
    });
    const settled = rows[0];
    if (settled === undefined) return false;
    // Where the close had no bound, the budgets still hold what was reserved, which nothing tells any more.
    if (settled.budgetKeys !== null && settled.high !== null) {
      await correctSettlement(db, settled.budgetKeys, settled.high, cost);
    }
    return true;
  });
}
