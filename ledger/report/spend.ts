import type { Spend } from '../../core/spend.ts';
import type { CostSource } from '../close-attempt.ts';
import type { Queryable } from '../database.ts';
import { IN_RANGE, rangeValues, type ReportRange } from './range.ts';
import { spendOf, sumOfBounds, type BoundsRow } from './spend-sum.ts';

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

/** Attempts of a task that agree in class and source of cost. */
export interface SpendPart {
  readonly task: string;
  readonly spendClass: SpendClass;
  readonly costSource: CostSource;
  readonly attempts: number;
  /** Attempts whose price is not known. */
  readonly withoutPrice: number;
  /** Attempts that nothing bounds from above: those without a price, and those without a limit on their output. */
  readonly unbounded: number;
  readonly spend: Spend;
}

type Row = Omit<SpendPart, 'spend'> & { readonly spend: BoundsRow };

/** The spend of each task by class and source, for those that occur. Every attempt is in exactly one part. */
export async function spendParts(db: Queryable, range: ReportRange): Promise<SpendPart[]> {
  const { rows } = await db.query<Row>({
    name: 'report-spend',
    text: `
      select task, spend_class as "spendClass", cost_source as "costSource", sum(attempts)::float8 as attempts,
        sum(without_price)::float8 as "withoutPrice", sum(unbounded)::float8 as unbounded, ${sumOfBounds('', 'spend')}
      from spend_by_day where ${IN_RANGE}
      group by task, spend_class, cost_source`,
    values: rangeValues(range),
  });
  return rows.map((row) => ({ ...row, spend: spendOf(row.spend) }));
}
