import { parseUsd, type DecimalUsd } from '../../core/money.ts';
import type { Spend } from '../../core/spend.ts';

/** A sum of spend as SQL gives it: see {@link spendSum}. */
export interface SpendSumRow {
  readonly low: DecimalUsd;
  readonly high: DecimalUsd | null;
}

/** Exact bounds of a sum over attempts, with the columns `low` and `high`: one unbounded term leaves the sum unbounded. */
export function spendSum(low = 'cost_low_usd', high = 'cost_high_usd'): string {
  return `coalesce(sum(${low}), 0)::text as low,
    case when count(*) = count(${high}) then coalesce(sum(${high}), 0) end::text as high`;
}

export function spendOf({ low, high }: SpendSumRow): Spend {
  return { low: parseUsd(low), high: high === null ? null : parseUsd(high) };
}
