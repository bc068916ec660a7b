import type { Spend } from '../../core/spend.ts';
import type { Queryable } from '../database.ts';
import { IN_RANGE, rangeValues, type ReportRange } from './range.ts';
import type { SpendClass } from './spend.ts';
import { spendOf, sumOfBounds, type BoundsRow } from './spend-sum.ts';

/** What a task spent on the queries of one UTC day, by class; classes that do not occur are left out. */
export interface DayReport {
  /** Such as `2026-11-01`. */
  readonly day: string;
  readonly spendClass: SpendClass;
  readonly attempts: number;
  readonly spend: Spend;
}

/** The spend of each task by day and class, oldest first. */
export async function dayReports(
  db: Queryable,
  range: ReportRange,
): Promise<(DayReport & { readonly task: string })[]> {
  const { rows } = await db.query<
    Omit<DayReport, 'spend'> & { readonly task: string; readonly spend: BoundsRow }
  >({
    name: 'report-days',
    text: `
      select task, day::text, spend_class as "spendClass", sum(attempts)::float8 as attempts, ${sumOfBounds('', 'spend')}
      from spend_by_day where ${IN_RANGE}
      group by task, day, spend_class order by task, day, spend_class`,
    values: rangeValues(range),
  });
  return rows.map((row) => ({ ...row, spend: spendOf(row.spend) }));
}
