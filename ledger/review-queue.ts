import type pg from 'pg';
import type { Json } from '../core/policy.ts';
import { policyVersion } from './policies.ts';
import { usableResponses } from './responses.ts';
import { readTexts, type QueryRef, type Sealer } from './texts.ts';

/** Why a query is put before a person. */
export const REVIEW_REASONS = ['disagreement', 'low-confidence', 'random', 'audited'] as const;
export type ReviewReason = (typeof REVIEW_REASONS)[number];

export interface ReviewSearch {
  readonly task: string;
  readonly reasons: readonly ReviewReason[];
  /** Queries at most, over all reasons. */
  readonly limit: number;
  /** Queries that started at or after this instant; null for all. */
  readonly since: Date | null;
}

/** A query as a person reviews it. Texts are null where they are not retained. */
export interface ReviewItem {
  readonly query: string;
  readonly task: string;
  readonly reason: ReviewReason;
  readonly messages: Json;
  readonly served: { readonly model: string; readonly text: string | null; readonly answer: string | null };
  readonly confidence: number | null;
  /** Whether it equals the last stage's answer; null where that was not asked, or cannot be said. */
  readonly agreesWithBaseline: boolean | null;
  /** What else was said, by its climb and then by its audit. */
  readonly others: readonly {
    readonly attempt: string;
    readonly model: string;
    readonly text: string | null;
    readonly answer: string | null;
  }[];
}

interface Found extends QueryRef {
  readonly reason: ReviewReason;
  readonly task: string;
  readonly policyVersion: number;
  readonly servedAttemptId: string;
  readonly confidence: number | null;
  readonly agrees: boolean | null;
}

/**
 * Queries with an answer that no person has judged: those whose audit disagreed with it, the least sure ones, and some by
 * chance (of a hash of their ids, so that the same search gives the same ones). And queries with an audit, by chance too, of
 * which a person has not judged every response. Reasons take turns; a query is there once.
 */
export async function reviewQueue(
  pool: pg.Pool,
  sealer: Sealer | null,
  search: ReviewSearch,
): Promise<ReviewItem[]> {
  const { rows } = await pool.query<Found>({
    name: 'review-queue',
    text: `with open_queries as (
             select q.query_id, q.started_at, q.task, q.policy_version, q.served_attempt_id, q.confidence, a.served_agrees,
               a.status in ('compared', 'incomparable') as audited, exists (
                 select from labels l where l.query_started_at = q.started_at and l.query_id = q.query_id
                   and l.attempt_id = q.served_attempt_id and l.source_kind = 'person') as judged
             from queries q
             left join audits a on a.query_started_at = q.started_at and a.query_id = q.query_id
             where q.task = $1 and q.started_at >= $2 and q.served_attempt_id is not null
           ), ranked as (
             select 'disagreement' as reason, query_id, row_number() over (order by md5(query_id::text)) as rank
             from open_queries where not judged and not served_agrees
             union all
             select 'low-confidence', query_id, row_number() over (order by confidence, query_id)
             from open_queries where not judged and confidence is not null
             union all
             select 'random', query_id, row_number() over (order by md5('review' || query_id::text))
             from open_queries where not judged
             union all
             select 'audited', query_id, row_number() over (order by md5('audited' || query_id::text))
             from open_queries q where audited and exists (
               select from attempts t where t.query_started_at = q.started_at and t.query_id = q.query_id
                 and t.purpose in ('serve', 'audit') and t.status = 'succeeded' and t.provider <> 'person' and not exists (
                   select from labels l where l.query_started_at = t.query_started_at and l.query_id = t.query_id
                     and l.attempt_id = t.attempt_id and l.source_kind = 'person'))
           ), firsts as (
             select distinct on (query_id) query_id, reason, rank from ranked where reason = any($3::text[])
               and rank <= $4 order by query_id, rank, array_position($3::text[], reason)
           )
           select q.query_id as "queryId", to_json(q.started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt", f.reason,
             q.task, q.policy_version as "policyVersion", q.served_attempt_id as "servedAttemptId", q.confidence,
             q.served_agrees as agrees
           from firsts f join open_queries q using (query_id)
           order by f.rank, array_position($3::text[], f.reason) limit $4`,
    values: [search.task, search.since?.toISOString() ?? '-infinity', search.reasons, search.limit],
  });
  const items: ReviewItem[] = [];
  for (const found of rows) items.push(await itemOf(pool, sealer, found));
  return items;
}

async function itemOf(pool: pg.Pool, sealer: Sealer | null, found: Found): Promise<ReviewItem> {
  const { answer: spec } = await policyVersion(pool, found.task, found.policyVersion);
  const texts = await readTexts(pool, sealer, found);
  const said = (await usableResponses(pool, sealer, found, spec)).map(
    ({ attemptId: attempt, model, text, answer }) => ({ attempt, model, text, answer: answer ?? null }),
  );
  const served = said.find(({ attempt }) => attempt === found.servedAttemptId);
  const request = texts.get('request') as { readonly messages: Json } | undefined;
  return {
    query: found.queryId,
    task: found.task,
    reason: found.reason,
    messages: request?.messages ?? null,
    served: {
      model: served?.model ?? '',
      text: served?.text ?? null,
      answer: served?.answer ?? null,
    },
    confidence: found.confidence,
    agreesWithBaseline: found.agrees,
    others: said.filter((one) => one !== served),
  };
}
