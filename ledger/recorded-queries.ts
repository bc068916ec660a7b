import type pg from 'pg';
import type { Json, JsonObject, Retention } from '../core/policy.ts';
import type { Rates } from '../core/price.ts';
import type { KeptResponse } from './close-attempt.ts';
import type { Queryable } from './database.ts';
import { rangeValues, startedInRange, type ReportRange } from './report/range.ts';
import { onSnapshot } from './report/snapshot.ts';
import { readTexts, type QueryRef, type Sealer, type TextItem } from './texts.ts';

/** An ended query with every usable response that was bought for it, audits too. */
export interface LedgerQuery extends QueryRef {
  readonly policyVersion: number;
  readonly retention: Retention;
  /** The chance with which it was audited, where it was and its audit has ended; else null. */
  readonly inclusion: number | null;
  /** Null where the texts are not retained. */
  readonly request: { readonly messages: readonly JsonObject[]; readonly parameters: JsonObject } | null;
  /** The right answer that somebody wrote; null where nobody did, they differ, or it is not retained. */
  readonly correction: string | null;
  /** By stage; of a stage's several, in the order they were made. */
  readonly responses: readonly LedgerResponse[];
}

export interface LedgerResponse {
  readonly attemptId: string;
  readonly purpose: 'serve' | 'audit';
  readonly stage: number;
  readonly provider: string;
  readonly model: string;
  /** Null where its text is not retained. */
  readonly kept: KeptResponse | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cachedInputTokens: number | null;
  /** The price row that it was billed at; null for an unknown price. */
  readonly price: { readonly rates: Rates; readonly source: string } | null;
  /** Whether its answer is right, by the label that counts (the view `answer_labels`); null where there is none. */
  readonly correct: boolean | null;
  /** What kind of source gave that label: person, reference or caller. */
  readonly labelledBy: string | null;
  /** Whether its answer is the last stage's, by an audit; null where that was not asked, or cannot be said. */
  readonly agreesWithLast: boolean | null;
}

/** Ended queries of a task. */
export interface LedgerQueries extends ReportRange {
  readonly task: string;
  /** Only those whose audit has ended: of them every stage's response is known. */
  readonly audited?: boolean;
}

type Row = Omit<LedgerQuery, 'request' | 'correction' | 'responses'> & {
  readonly responses: readonly Omit<LedgerResponse, 'kept'>[];
};

/** Queries read at a time: their texts are read one query after the other. */
const PAGE = 1000;

/**
 * Every ended query of a task that started in the range, by start, on one snapshot of the ledger.
 * @param visit is waited for.
 * @throws {Error} when a text is encrypted and no key, or another key, is configured.
 */
export async function eachLedgerQuery(
  pool: pg.Pool,
  sealer: Sealer | null,
  range: LedgerQueries,
  visit: (query: LedgerQuery) => Promise<void>,
): Promise<void> {
  await onSnapshot(pool, async (db) => {
    let last: Row | undefined;
    do {
      const page = await pageAfter(db, range, last);
      for (const row of page) await visit(await withTexts(db, sealer, row));
      last = page.at(-1);
    } while (last !== undefined);
  });
}

async function withTexts(db: Queryable, sealer: Sealer | null, row: Row): Promise<LedgerQuery> {
  const texts = await readTexts(db, sealer, row);
  return {
    ...row,
    request: (texts.get('request') ?? null) as LedgerQuery['request'],
    correction: correctionIn(texts),
    responses: row.responses.map((response) => ({
      ...response,
      kept: (texts.get(response.attemptId) ?? null) as KeptResponse | null,
    })),
  };
}

function correctionIn(texts: ReadonlyMap<TextItem, Json>): string | null {
  const written = new Set(
    [...texts].flatMap(([item, text]) => (item.startsWith('correction/') ? [text] : [])),
  );
  const [correction, ...others] = written;
  return typeof correction === 'string' && others.length === 0 ? correction : null;
}

async function pageAfter(db: Queryable, range: LedgerQueries, last: Row | undefined): Promise<Row[]> {
  const { rows } = await db.query<Row>({
    name: 'recorded-queries',
    text: `
      select q.query_id as "queryId", to_json(q.started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt",
        q.policy_version as "policyVersion", q.retention, u.inclusion_probability as inclusion, coalesce(a.responses, '[]') as responses
      from (
        select * from queries
        where status = 'ended' and ${startedInRange('task', 'started_at')}
          and ($4::timestamptz is null or (started_at, query_id) > ($4::timestamptz, $5::uuid))
          and (not $7 or exists (select from audits where audits.query_started_at = queries.started_at
            and audits.query_id = queries.query_id and audits.status in ('compared', 'incomparable')))
        order by started_at, query_id limit $6
      ) q
      left join audits u on u.query_started_at = q.started_at and u.query_id = q.query_id and u.status in ('compared', 'incomparable')
      left join lateral (
        select json_agg(json_build_object(
            'attemptId', a.attempt_id, 'purpose', a.purpose, 'stage', a.stage, 'provider', a.provider, 'model', a.model,
            'inputTokens', a.input_tokens, 'outputTokens', a.output_tokens, 'cachedInputTokens', a.cached_input_tokens,
            'price', case when p.price_id is not null then json_build_object('rates', p.rates, 'source', p.source) end,
            'correct', l.correct, 'labelledBy', l.source_kind, 'agreesWithLast', a.agrees_with_baseline
          ) order by a.stage, a.ordinal, a.try) as responses
        from attempts a
        left join prices p on p.price_id = a.price_id
        left join lateral (
          select l.correct, l.source_kind from answer_labels l
          where l.query_started_at = a.query_started_at and l.attempt_id = a.attempt_id
          limit 1 -- There is one at most: without this Postgres sorts all labels, and for each query anew.
        ) l on true
        where a.query_started_at = q.started_at and a.query_id = q.query_id
          and a.purpose in ('serve', 'audit') and a.status = 'succeeded'
      ) a on true
      order by q.started_at, q.query_id`,
    values: [
      ...rangeValues(range),
      last?.startedAt ?? null,
      last?.queryId ?? null,
      PAGE,
      range.audited ?? false,
    ],
  });
  return rows;
}
