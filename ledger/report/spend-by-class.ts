import type { Spend } from '../../core/spend.ts';
import type { Queryable } from '../database.ts';
import { inRange, rangeValues, type ReportRange } from './range.ts';
import { spendOf, spendSum, type SpendSumRow } from './spend-sum.ts';

/** What an attempt's money went into: see the comment on `attempt_spend.spend_class`. */
export const SPEND_CLASSES = [
  'accepted',
  'fallback',
  'corroborated',
  'discarded',
  'duplicate',
  'retried',
  'failed',
  'cancelled',
  'orphaned',
  'unanswered',
  'scoring',
  'routing',
  'audit',
  'pending',
  'open',
] as const;
export type SpendClass = (typeof SPEND_CLASSES)[number];

export interface SpendOfClass {
  readonly task: string;
  readonly spendClass: SpendClass;
  readonly attempts: number;
  /** Attempts whose price is not known. */
  readonly withoutPrice: number;
  /** Attempts that nothing bounds from above: those without a price, and those without a limit on their output. */
  readonly unbounded: number;
  readonly spend: Spend;
}

type Row = Omit<SpendOfClass, 'spend'> & SpendSumRow;

/** The spend of each task by class, for classes that occur. Every attempt is in exactly one. */
export async function spendByClass(db: Queryable, range: ReportRange): Promise<SpendOfClass[]> {
  const { rows } = await db.query<Row>({
    name: 'report-spend-by-class',
    text: `
      select task, spend_class as "spendClass", count(*)::int as attempts,
        count(*) filter (where cost_source = 'unknown')::int as "withoutPrice",
        count(*) filter (where cost_high_usd is null)::int as unbounded, ${spendSum()}
      from attempt_spend where ${inRange('task', 'query_started_at')}
      group by task, spend_class`,
    values: rangeValues(range),
  });
  return rows.map(({ low, high, ...row }) => ({ ...row, spend: spendOf({ low, high }) }));
}
