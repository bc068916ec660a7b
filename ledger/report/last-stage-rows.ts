import type { Spend } from '../../core/spend.ts';
import type { Queryable } from '../database.ts';
import { inRange, rangeValues, type ReportRange } from './range.ts';
import { spendOf, spendSum, type SpendSumRow } from './spend-sum.ts';

/** Ended queries that agree in all of this. */
export interface LastStageGroup {
  /** Whether they called the last stage. */
  readonly reached: boolean;
  /** Of the first usable response; null where they had none, and where they reached the last stage. */
  readonly inputTokens: number | null;
  /** When that was asked for, to the second; null where `byTime` is false. */
  readonly at: Date | null;
  readonly queries: number;
  /** All that they cost, audits aside. */
  readonly actual: Spend;
  /** Of that, serve attempts of the last stage's model. */
  readonly atLastStage: Spend;
}

type Row = Omit<LastStageGroup, 'actual' | 'atLastStage'> &
  SpendSumRow & { readonly last_low: string; readonly last_high: string | null };

/**
 * Ended queries of a range by what always calling the last stage would have cost them.
 * @param byTime whether the price depends on the instant: queries are then told apart by the second.
 */
export async function lastStageRows(
  db: Queryable,
  range: ReportRange & { readonly model: string; readonly byTime: boolean },
): Promise<LastStageGroup[]> {
  const { rows } = await db.query<Row>({
    name: 'report-last-stage',
    text: `
      with per_query as (
        select coalesce(bool_or(${AT_LAST}), false) as reached,
          (array_agg(a.input_tokens order by a.stage, a.ordinal, a.try) filter (where ${USABLE}))[1] as input_tokens,
          (array_agg(a.started_at order by a.stage, a.ordinal, a.try) filter (where ${USABLE}))[1] as at,
          coalesce(sum(a.cost_low_usd), 0) as low,
          case when count(a.attempt_id) = count(a.cost_high_usd) then coalesce(sum(a.cost_high_usd), 0) end as high,
          coalesce(sum(a.cost_low_usd) filter (where ${AT_LAST}), 0) as last_low,
          case when count(*) filter (where ${AT_LAST} and a.cost_high_usd is null) = 0
            then coalesce(sum(a.cost_high_usd) filter (where ${AT_LAST}), 0) end as last_high
        from queries q left join attempts a
          on a.query_started_at = q.started_at and a.query_id = q.query_id and a.purpose <> 'audit'
        where q.status = 'ended' and ${inRange('q.task', 'q.started_at')}
        group by q.started_at, q.query_id
      ), keyed as (
        select reached, case when not reached then input_tokens end as input_tokens,
          case when not reached and $5::boolean then date_trunc('second', at) end as at,
          low, high, last_low, last_high
        from per_query
      )
      select reached, input_tokens::float8 as "inputTokens", at, count(*)::int as queries, ${spendSum('low', 'high')},
        sum(last_low)::text as last_low, case when count(*) = count(last_high) then sum(last_high) end::text as last_high
      from keyed group by reached, input_tokens, at`,
    values: [...rangeValues(range), range.model, range.byTime],
  });
  return rows.map(({ low, high, last_low, last_high, ...row }) => ({
    ...row,
    actual: spendOf({ low, high }),
    atLastStage: spendOf({ low: last_low, high: last_high }),
  }));
}

const USABLE = `a.purpose = 'serve' and a.status = 'succeeded' and a.input_tokens is not null`;
const AT_LAST = `a.purpose = 'serve' and a.model = $4`;
