import type pg from 'pg';
import type { DecimalUsd } from '../core/money.ts';
import type { PastAttempt, PastQuery } from '../core/past-query.ts';
import { spendFromJson } from '../core/spend.ts';
import type { Queryable } from './database.ts';
import { rangeValues, startedInRange, type ReportRange } from './report/range.ts';
import { onSnapshot } from './report/snapshot.ts';

/** Queries read at a time: a few megabytes. */
const PAGE = 1000;

interface AttemptJson extends Omit<PastAttempt, 'spend'> {
  readonly costLowUsd: DecimalUsd;
  readonly costHighUsd: DecimalUsd | null;
}
type Row = Omit<PastQuery, 'attempts'> & { readonly attempts: readonly AttemptJson[] };

/**
 * Every ended query of a task that started in the range, by start, on one snapshot of the ledger.
 * @param visit is waited for; it may read more of the snapshot.
 */
export async function eachPastQuery(
  pool: pg.Pool,
  range: ReportRange & { readonly task: string },
  visit: (query: PastQuery, db: Queryable) => Promise<void>,
): Promise<void> {
  await onSnapshot(pool, async (db) => {
    let last: Row | undefined;
    do {
      const page = await pageAfter(db, range, last);
      for (const { attempts, ...query } of page) {
        await visit({ ...query, attempts: attempts.map(attemptOf) }, db);
      }
      last = page.at(-1);
    } while (last !== undefined);
  });
}

function attemptOf({ costLowUsd, costHighUsd, ...attempt }: AttemptJson): PastAttempt {
  return { ...attempt, spend: spendFromJson({ costLowUsd, costHighUsd }) };
}

/** Amounts are text within the JSON: a number there would be a float. */
async function pageAfter(db: Queryable, range: ReportRange, last: Row | undefined): Promise<Row[]> {
  const { rows } = await db.query<Row>({
    name: 'past-queries',
    text: `
      select q.query_id as "queryId", to_json(q.started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt",
        q.policy_version as "policyVersion", q.outcome, q.served_attempt_id as "servedAttemptId", q.confidence,
        coalesce(a.attempts, '[]') as attempts
      from (
        select * from queries
        where status = 'ended' and ${startedInRange('task', 'started_at')}
          and ($4::timestamptz is null or (started_at, query_id) > ($4::timestamptz, $5::uuid))
        order by started_at, query_id limit $6
      ) q
      left join lateral (
        select json_agg(json_build_object(
            'attemptId', a.attempt_id, 'purpose', a.purpose, 'stage', a.stage, 'model', a.model, 'status', a.status,
            'verdict', a.verdict, 'confidence', a.confidence, 'threshold', a.threshold, 'failureKind', a.failure_kind,
            'inputTokens', a.input_tokens, 'costLowUsd', a.cost_low_usd::text, 'costHighUsd', a.cost_high_usd::text,
            'correct', (select l.correct from labels l
              where l.query_started_at = a.query_started_at and l.attempt_id = a.attempt_id
              order by l.labelled_at desc, l.source limit 1)
          ) order by a.stage, a.ordinal, a.try) as attempts
        from attempts a
        where a.query_started_at = q.started_at and a.query_id = q.query_id and a.purpose <> 'audit'
      ) a on true
      order by q.started_at, q.query_id`,
    values: [...rangeValues(range), last?.startedAt ?? null, last?.queryId ?? null, PAGE],
  });
  return rows;
}
