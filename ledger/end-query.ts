import type pg from 'pg';
import type { Outcome, Served } from '../core/cascade.ts';
import type { Retention } from '../core/policy.ts';
import type { AttemptSummary } from '../core/result.ts';
import type { Verdict } from '../core/verdict.ts';
import { queryAttempts, summaries, type SummaryRow } from './attempts.ts';
import { inOneTrip, type Queryable } from './database.ts';
import { settlingTexts, type QueryRef } from './texts.ts';
import { keptMessage } from './quoted-words.ts';

export interface QueryEnd extends QueryRef {
  /** The run that ends the query. A query that another run works on is left to it. */
  readonly runId: string;
  /** The run that {@link runId} is known to have followed, from which it takes the query over. */
  readonly insteadOf?: string;
  /** Whether a query that has ended stays as it is. */
  readonly onlyRunning?: boolean;
  /** The call that ends the query with its response. One that has been tried again since is too late: the query stays as it is. */
  readonly lastCall?: { readonly stage: number; readonly try: number };
  readonly outcome: Outcome;
  readonly served: Served | null;
  readonly servedModel: string | null;
  readonly failureMessage: string | null;
  readonly retention: Retention;
  /** Of every attempt that was judged, by attempt id. */
  readonly judgements: readonly Judgement[];
}

export interface Judgement {
  readonly attemptId: string;
  readonly verdict: Verdict | null;
  readonly confidence: number | null;
  readonly threshold: number | null;
}

export type Ended =
  /** With every attempt that served it, as `attemptsOfQuery` gives them. */
  | { readonly type: 'ended'; readonly attempts: readonly AttemptSummary[] }
  /** Nothing was changed: the query is that run's, or it was to stay as it is. */
  | { readonly type: 'left'; readonly runId: string }
  /** The ledger has no such query: see `restoreQuery`. */
  | { readonly type: 'lost' };

/**
 * Ends a query: outcome, verdicts and texts in one transaction. Ending it again with the same outcome changes nothing. Of
 * a query that serves something, every other usable response is `rejected` unless it is judged here.
 *
 * With an answer it is a recoverable commit: all of it stands in the workflow's result too, from which the sweeper ends the
 * query again where it is found running. An end without one is durable: Temporal does not keep all that it says.
 * @param before a statement in the same commit, which fails where it cannot be: then neither is done, and it throws.
 */
export async function endQuery(pool: pg.Pool, end: QueryEnd, before?: pg.QueryConfig): Promise<Ended> {
  const results = await inOneTrip(
    pool,
    [
      ...(before === undefined ? [] : [before]),
      ending(end),
      judging(end),
      settlingTexts(end, end.retention === 'full', end.served !== null, ENDED_HERE),
      queryAttempts(end),
    ],
    end.served === null || before !== undefined ? 'durable' : 'recoverable',
  );
  const [ended, , , attempts] = results.slice(-4);
  if (ended?.rowCount === 1) {
    return { type: 'ended', attempts: summaries((attempts?.rows ?? []) as SummaryRow[]) };
  }
  const runId = await runOf(pool, end);
  return runId === null ? { type: 'lost' } : { type: 'left', runId };
}

/** Whether the query's row was written by this transaction: what follows its end does nothing where there was none. */
const ENDED_HERE = `exists (select from queries q
  where q.query_id = $1 and q.started_at = $2 and q.xmin = pg_current_xact_id()::xid)`;

/** Takes the lock on the query, so that the statements behind it see all that came before. */
function ending(end: QueryEnd): pg.QueryConfig {
  return {
    name: 'end-query',
    text: `update queries set status = 'ended', outcome = $3, accepted = $3 in ('accepted', 'last-stage'),
             served_attempt_id = $4, served_model = $5, served_stage = $6, confidence = $7, threshold = $8,
             failure_message = $9, ended_at = coalesce(ended_at, now()), run_id = $10
           where query_id = $1 and started_at = $2 and run_id in ($10, $11) and (status = 'running' or not $12)
             and ($13::integer is null or not exists (select from attempts a where a.query_started_at = $2 and a.query_id = $1
               and a.purpose = 'serve' and (a.stage, a.try) > ($13, $14)))`,
    values: [
      end.queryId,
      end.startedAt,
      end.outcome,
      end.served?.attemptId ?? null,
      end.servedModel,
      end.served?.stage ?? null,
      end.served?.confidence ?? null,
      end.served?.threshold ?? null,
      keptMessage(end.failureMessage, end.retention),
      end.runId,
      end.insteadOf ?? end.runId,
      end.onlyRunning ?? false,
      end.lastCall?.stage ?? null,
      end.lastCall?.try ?? null,
    ],
  };
}

const UNUSED = `($3::uuid is not null and purpose = 'serve' and status = 'succeeded' and attempt_id <> $3)`;

/** Verdicts of what was judged, and of what nobody judged though it was usable: see `rejectUnused`. */
function judging({ queryId, startedAt, served, judgements }: QueryEnd): pg.QueryConfig {
  return {
    name: 'judge-attempts',
    text: `update attempts set
             verdict = coalesce(($5::text[])[array_position($4::uuid[], attempt_id)],
               case when ${UNUSED} then 'rejected' when not attempt_id = any ($4) then verdict end),
             confidence = case when attempt_id = any ($4) then ($6::float8[])[array_position($4, attempt_id)] else confidence end,
             threshold = case when attempt_id = any ($4) then ($7::float8[])[array_position($4, attempt_id)] else threshold end
           where query_started_at = $2 and query_id = $1 and (attempt_id = any ($4) or ${UNUSED}) and ${ENDED_HERE}`,
    values: [
      queryId,
      startedAt,
      served?.attemptId ?? null,
      judgements.map(({ attemptId }) => attemptId),
      judgements.map(({ verdict }) => verdict),
      judgements.map(({ confidence }) => confidence),
      judgements.map(({ threshold }) => threshold),
    ],
  };
}

async function runOf(db: Queryable, query: QueryRef): Promise<string | null> {
  const { rows } = await db.query<{ runId: string }>({
    name: 'run-of-query',
    text: 'select run_id as "runId" from queries where started_at = $1 and query_id = $2',
    values: [query.startedAt, query.queryId],
  });
  return rows[0]?.runId ?? null;
}
