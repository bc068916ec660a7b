import type { Outcome } from '../core/cascade.ts';
import type { DecimalUsd } from '../core/money.ts';
import type { Queryable } from './database.ts';

/** Of the queries of a slice that have ended. */
export interface SliceFigures {
  /** `all`, or `tag=value`. */
  readonly slice: string;
  readonly queries: number;
  readonly served: number;
  /** Served answers with a label. */
  readonly labelled: number;
  /** The same by the kind of the label's source. */
  readonly bySource: Readonly<Record<string, number>>;
  readonly byOutcome: Readonly<Partial<Record<Outcome, number>>>;
  /** What serving cost at most: half, 95% and 99% of queries cost no more. What nothing bounds counts with what is certain. */
  readonly costUsd: readonly [p50: DecimalUsd, p95: DecimalUsd, p99: DecimalUsd];
  /** Milliseconds of all of a query's requests, one after the other: half and 95% of queries; null without requests. */
  readonly serialMs: readonly [p50: number, p95: number] | null;
}

/** Slices that are shown: with more of them intervals that hold at once would be wide, and nobody would read on. */
const MOST_SLICES = 50;

/** All queries of a task first, then its largest slices. */
export async function sliceFigures(
  db: Queryable,
  task: string,
  { tags, days }: { readonly tags?: readonly string[] | undefined; readonly days: number },
): Promise<SliceFigures[]> {
  const { rows } = await db.query<SliceFigures>({
    name: 'slice-figures',
    text: `
      with answered as (
        select q.tags, q.outcome, q.served_attempt_id is not null as served, a.cost, a.latency, l.source_kind
        from queries q
        cross join lateral (
          select coalesce(sum(coalesce(cost_high_usd, cost_low_usd)), 0) as cost, sum(latency_ms)::float8 as latency
          from attempts where query_started_at = q.started_at and query_id = q.query_id and purpose <> 'audit'
        ) a
        left join answer_labels l on l.query_started_at = q.started_at and l.attempt_id = q.served_attempt_id
        where q.task = $1 and q.status = 'ended' and q.started_at >= now() - make_interval(days => $2)
      ), sliced as (
        select 'all' as slice, answered.* from answered
        union all
        select t.key || '=' || t.value, answered.* from answered cross join lateral jsonb_each_text(tags) t
        where $3::text[] is null or t.key = any($3)
      ), outcomes as (
        select slice, jsonb_object_agg(outcome, n) as counts
        from (select slice, outcome, count(*) as n from sliced group by slice, outcome) o group by slice
      ), sources as (
        select slice, jsonb_object_agg(source_kind, n) as counts
        from (select slice, source_kind, count(*) as n from sliced where source_kind is not null
              group by slice, source_kind) s
        group by slice
      )
      select slice, count(*)::int as queries, count(*) filter (where served)::int as served,
        count(source_kind)::int as labelled, coalesce(min(sources.counts::text)::jsonb, '{}') as "bySource",
        min(outcomes.counts::text)::jsonb as "byOutcome",
        (percentile_disc(array[0.5, 0.95, 0.99]) within group (order by cost))::text[] as "costUsd",
        case when count(latency) > 0 then percentile_disc(array[0.5, 0.95]) within group (order by latency) end as "serialMs"
      from sliced join outcomes using (slice) left join sources using (slice)
      group by slice order by slice <> 'all', count(*) desc, slice limit $4`,
    values: [task, days, tags ?? null, MOST_SLICES + 1],
  });
  return rows;
}

/** Milliseconds of a successful request to the last stage of whatever version a query was pinned to. */
export async function lastStageLatency(
  db: Queryable,
  task: string,
  days: number,
): Promise<readonly [p50: number, p95: number] | null> {
  const { rows } = await db.query<{ latency: [number, number] | null }>({
    name: 'last-stage-latency',
    text: `select percentile_disc(array[0.5, 0.95]) within group (order by a.latency_ms::float8) as latency
           from attempts a join policies p on p.task = a.task and p.version = a.policy_version
           where a.task = $1 and a.query_started_at >= now() - make_interval(days => $2) and a.status = 'succeeded'
             and a.purpose in ('serve', 'audit') and a.provider <> 'person' and a.latency_ms is not null
             and a.stage = jsonb_array_length(p.policy -> 'chain') - 1`,
    values: [task, days],
  });
  return rows[0]?.latency ?? null;
}
