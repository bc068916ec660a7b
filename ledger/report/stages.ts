import type { Spend } from '../../core/spend.ts';
import type { Queryable } from '../database.ts';
import { inRange, rangeValues, type ReportRange } from './range.ts';
import { spendOf, spendSum, type SpendSumRow } from './spend-sum.ts';

export interface StageReport {
  /** Place in the chain, from 0. Policy versions with different models at one place give a row each. */
  readonly stage: number;
  readonly model: string;
  /** Queries, ended or running, that made a serve attempt here, whatever became of it. */
  readonly reached: number;
  /**
   * Ended queries that made no serve attempt at a later stage, whatever they ended with and whichever stage's answer they
   * served. Over the stages of a task it adds up to its ended queries that made any serve attempt.
   */
  readonly stopped: number;
  /** Of serve attempts here: retries, failures and orphans too, judges not. */
  readonly serveSpend: Spend;
}

type Row = Omit<StageReport, 'serveSpend'> & SpendSumRow & { readonly task: string };

/** Stages of each task that were called, in order. */
export async function stageReports(
  db: Queryable,
  range: ReportRange,
): Promise<(StageReport & { readonly task: string })[]> {
  const { rows } = await db.query<Row>({
    name: 'report-stages',
    text: `
      with serve as (
        select a.task, a.query_started_at, a.query_id, a.stage, a.model, a.cost_low_usd, a.cost_high_usd,
          row_number() over (partition by a.query_started_at, a.query_id, a.stage, a.model order by a.ordinal, a.try) = 1
            as first_here,
          a.stage = max(a.stage) over (partition by a.query_started_at, a.query_id) as is_last
        from attempts a where a.purpose = 'serve' and ${inRange('a.task', 'a.query_started_at')}
      )
      select s.task, s.stage, s.model, count(*) filter (where s.first_here)::int as reached,
        count(*) filter (where s.first_here and s.is_last and q.status = 'ended')::int as stopped,
        ${spendSum('s.cost_low_usd', 's.cost_high_usd')}
      from serve s join queries q on q.started_at = s.query_started_at and q.query_id = s.query_id
      group by s.task, s.stage, s.model order by s.task, s.stage, s.model`,
    values: rangeValues(range),
  });
  return rows.map(({ low, high, ...row }) => ({ ...row, serveSpend: spendOf({ low, high }) }));
}
