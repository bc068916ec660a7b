import type { Rates } from '../core/price.ts';
import type { DecimalUsd } from '../core/money.ts';
import { onlyRow, type Queryable } from './database.ts';
import { startedInRange, rangeValues, type ReportRange } from './report/range.ts';

/** What the ended queries of one policy version did at a stage. Averages are per query that got a usable response there. */
export interface ObservedStage {
  readonly stage: number;
  readonly model: string;
  readonly reached: number;
  /** Queries that went no further. */
  readonly stopped: number;
  /** Requests beyond the first of each query. */
  readonly retries: number;
  /** Null where no response came with a usage. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cachedTokens: number | null;
  /** Of the price row that the latest attempt was billed at; null where it has none. */
  readonly rates: Rates | null;
}

export interface ObservedTraffic {
  /** The version that is current for new queries: older ones had another chain, or other thresholds. */
  readonly policyVersion: number;
  readonly queries: number;
  /** First and last start of a query; null where there is none. */
  readonly from: Date | null;
  readonly to: Date | null;
  /** Mean cost of scoring one stage of one query, from the high bounds; null where one has no bound. */
  readonly scoringUsd: DecimalUsd | null;
  readonly stages: readonly ObservedStage[];
}

/** What a task's traffic was under its current policy. It reads every attempt of the range. */
export async function observedTraffic(
  db: Queryable,
  range: ReportRange & { readonly task: string; readonly policyVersion: number },
): Promise<ObservedTraffic> {
  const values = [...rangeValues(range), range.policyVersion];
  const { rows } = await db.query<{ queries: number; from: Date | null; to: Date | null }>({
    name: 'observed-queries',
    text: `select count(*)::int as queries, min(started_at) as "from", max(started_at) as "to"
           from queries where status = 'ended' and policy_version = $4 and ${startedInRange('task', 'started_at')}`,
    values,
  });
  const { rows: stages } = await db.query<ObservedStage>({ name: 'observed-stages', text: STAGES, values });
  const { rows: scoring } = await db.query<{ usd: DecimalUsd | null }>({
    name: 'observed-scoring',
    text: `select case when count(*) = 0 then '0' when count(*) = count(cost_high_usd)
             then trim_scale(round(sum(cost_high_usd) / count(distinct (query_id, stage)), 12))::text end as usd
           from attempts where purpose in ('score', 'embed') and policy_version = $4 and ${startedInRange('task', 'query_started_at')}`,
    values,
  });
  return {
    policyVersion: range.policyVersion,
    ...onlyRow(rows, 'the count of queries'),
    scoringUsd: onlyRow(scoring, 'the cost of scoring').usd,
    stages,
  };
}

const STAGES = `
  with calls as (
    select a.query_started_at, a.query_id, a.stage, count(*) as tries,
      (array_agg(a.model order by a.try desc))[1] as model,
      (array_agg(a.price_id order by a.try desc))[1] as price_id,
      max(a.started_at) as at,
      max(a.input_tokens) filter (where a.status = 'succeeded') as input,
      max(a.output_tokens) filter (where a.status = 'succeeded') as output,
      max(a.cached_input_tokens) filter (where a.status = 'succeeded') as cached,
      a.stage = max(a.stage) over (partition by a.query_started_at, a.query_id) as is_last
    from attempts a
    join queries q on q.started_at = a.query_started_at and q.query_id = a.query_id and q.status = 'ended'
    where a.purpose = 'serve' and a.policy_version = $4 and ${startedInRange('a.task', 'a.query_started_at')}
    group by a.query_started_at, a.query_id, a.stage
  )
  select c.stage, (array_agg(c.model order by c.at desc))[1] as model, count(*)::int as reached,
    count(*) filter (where c.is_last)::int as stopped, (sum(c.tries) - count(*))::int as retries,
    avg(c.input)::float8 as "inputTokens", avg(c.output)::float8 as "outputTokens", avg(c.cached)::float8 as "cachedTokens",
    (select p.rates from prices p where p.price_id = (array_agg(c.price_id order by c.at desc))[1]) as rates
  from calls c group by c.stage order by c.stage`;
