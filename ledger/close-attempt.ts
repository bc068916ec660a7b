import type pg from 'pg';
import type { FailureKind } from '../core/failure.ts';
import { formatUsd, type DecimalUsd } from '../core/money.ts';
import type { JsonObject, Retention } from '../core/policy.ts';
import { sha256 } from '../core/request-hash.ts';
import type { AttemptStatus } from '../core/result.ts';
import type { Spend } from '../core/spend.ts';
import type { Usage } from '../core/usage.ts';
import { lockQuery } from './attempts.ts';
import { settleReservation } from './budgets.ts';
import { inTransaction, storable, type Queryable } from './database.ts';
import { keepText, sealedText, type QueryRef, type Sealer } from './texts.ts';
import { rejectUnused } from './verdicts.ts';
import { keptMessage } from './quoted-words.ts';

/** What the ledger keeps of a response until its query ends (and after it, with retention `full`). */
export interface KeptResponse {
  readonly message: JsonObject;
  readonly finishReason: string | null;
  /** Natural-log probabilities of the output tokens, where the provider sent them. */
  readonly logprobs: readonly number[] | null;
}

/** Where a cost comes from: see the column `attempts.cost_source`. */
export type CostSource = 'provider' | 'catalogue' | 'estimate' | 'unknown';

export interface Close extends QueryRef {
  readonly attemptId: string;
  readonly status: Exclude<AttemptStatus, 'started' | 'orphaned'>;
  readonly failureKind: FailureKind | null;
  readonly failureMessage: string | null;
  readonly httpStatus: number | null;
  readonly usage: Usage | null;
  readonly cost: Spend;
  readonly costSource: CostSource;
  /** The row that the cost was reckoned by: the intent's, unless the response came from another tier. */
  readonly priceId: string | null;
  readonly serviceTier: string | null;
  readonly reportedModel: string | null;
  readonly responseId: string | null;
  readonly requestId: string | null;
  readonly latencyMs: number;
  readonly timeToFirstTokenMs: number | null;
  /** The response, for retries and for whoever scores and serves it; null where none came. */
  readonly response: { readonly text: string; readonly kept: KeptResponse } | null;
  readonly retention: Retention;
}

/**
 * Closes an attempt with what is known. Closing it again with the same result changes nothing, and a close that comes
 * after the row was orphaned wins: it knows more. A row that is closed otherwise stays as it is. A response that comes when
 * its query has ended with another one is `rejected`: nobody will use it. Under the lock on the query, taken first as
 * everywhere: an execution that opens the call's next attempt at this moment either finds this one succeeded, or has
 * superseded it before.
 */
export async function closeAttempt(pool: pg.Pool, sealer: Sealer | null, close: Close): Promise<void> {
  if (await closeAtOnce(pool, sealer, close)) return;
  await inTransaction(pool, async (db) => {
    const query = await lockQuery(db, close);
    const { rows } = await db.query<{ budgetKeys: string[] | null; reservedUsd: DecimalUsd }>({
      name: 'close-attempt',
      text: `update attempts set ${CLOSED}
             where query_started_at = $1 and attempt_id = $2 and status in ('started', 'orphaned')
             returning budget_keys as "budgetKeys",
               case when budget_keys is not null then (
                 select before.cost_high_usd::text from attempts before
                 where before.query_started_at = $1 and before.attempt_id = $2) end as "reservedUsd"`,
      values: closedValues(close),
    });
    const closed = rows[0];
    if (closed === undefined) return;
    if (close.status === 'succeeded') {
      if (query?.answered) await rejectUnused(db, close);
      if (close.response !== null) await keepText(db, sealer, close, close.attemptId, close.response.kept);
    }
    // Last: other queries wait for the budgets' rows until the commit.
    if (closed.budgetKeys !== null) {
      await settleReservation(db, closed.budgetKeys, closed.reservedUsd, close.cost.high);
    }
  });
}

/** The same in the ordinary case, in one statement: see {@link closingAtOnce}. @returns whether it was closed. */
async function closeAtOnce(db: Queryable, sealer: Sealer | null, close: Close): Promise<boolean> {
  const { rowCount } = await db.query(closingAtOnce(sealer, close));
  return rowCount === 1;
}

/**
 * The statement that closes an attempt in the ordinary case: the query runs, the row is open, and no budget holds money for it.
 * The lock on the query's row is part of it; what is not so, or no longer when the lock is there, is left as it was.
 * @param otherwise what it does then: it returns no row, or it fails, and its transaction with it.
 */
export function closingAtOnce(
  sealer: Sealer | null,
  close: Close,
  otherwise: 'nothing' | 'fail' = 'nothing',
): pg.QueryConfig {
  const usable = close.status === 'succeeded' ? close.response : null;
  const text = usable && sealedText(sealer, close, close.attemptId, usable.kept);
  return {
    name: otherwise === 'fail' ? 'close-or-fail' : 'close-at-once',
    text: `with query as materialized (
             select query_id from queries
             where started_at = $1 and query_id = $27 and status = 'running' for update
           ), closed as (
             update attempts a set ${CLOSED} from query
             where a.query_started_at = $1 and a.attempt_id = $2 and a.status = 'started' and a.budget_keys is null
             returning a.query_id, a.attempt_id
           ), kept as (
             insert into open_texts (query_id, item, content, sealed)
             select query_id, attempt_id::text, $28, $29 from closed where $28::bytea is not null
             on conflict (query_id, item) do nothing
           )
           ${otherwise === 'fail' ? 'select 1 / count(*) from closed' : 'select from closed'}`,
    values: [...closedValues(close), close.queryId, text?.content ?? null, text?.sealed ?? false],
  };
}

const CLOSED = `status = $3, failure_kind = $4, failure_message = $5, http_status = $6, input_tokens = $7,
  cached_input_tokens = $8, cache_write_tokens = $9, input_audio_tokens = $10, output_tokens = $11,
  reasoning_tokens = $12, output_audio_tokens = $13, cost_low_usd = $14::numeric, cost_high_usd = $15::numeric,
  cost_source = $16, reported_model = $17, response_id = $18, request_id = $19, response_sha256 = $20, latency_ms = $21,
  time_to_first_token_ms = $22, price_id = $23, service_tier = $24, input_image_tokens = $25, output_image_tokens = $26,
  closed_at = clock_timestamp()`;

function closedValues(close: Close): unknown[] {
  return [
    close.startedAt,
    close.attemptId,
    close.status,
    close.failureKind,
    keptMessage(close.failureMessage, close.retention),
    close.httpStatus,
    close.usage?.inputTokens ?? null,
    close.usage?.cachedInputTokens ?? null,
    close.usage?.cacheWriteTokens ?? null,
    close.usage?.inputAudioTokens ?? null,
    close.usage?.outputTokens ?? null,
    close.usage?.reasoningTokens ?? null,
    close.usage?.outputAudioTokens ?? null,
    formatUsd(close.cost.low),
    close.cost.high === null ? null : formatUsd(close.cost.high),
    close.costSource,
    storable(close.reportedModel),
    storable(close.responseId),
    storable(close.requestId),
    close.response === null || close.retention === 'none' ? null : sha256(close.response.text),
    Math.round(close.latencyMs),
    close.timeToFirstTokenMs === null ? null : Math.round(close.timeToFirstTokenMs),
    close.priceId,
    storable(close.serviceTier),
    close.usage?.inputImageTokens ?? null,
    close.usage?.outputImageTokens ?? null,
  ];
}
