import { parseUsd, type DecimalUsd } from '../../core/money.ts';
import type { Spend } from '../../core/spend.ts';

/** Bounds as the report views give them: `high` is a bound only where `unbounded` (a count) is 0. */
export interface BoundsRow {
  readonly low: DecimalUsd;
  readonly high: DecimalUsd;
  readonly unbounded: number;
}

/** Sums of a view's columns `<of>low_usd`, `<of>high_usd` and `<of>unbounded` as one column of that name, for {@link spendOf}. */
export function sumOfBounds(of: '' | `${string}_`, name: string): string {
  return `jsonb_build_object('low', sum(${of}low_usd)::text, 'high', sum(${of}high_usd)::text,
        'unbounded', sum(${of}unbounded)) as "${name}"`;
}

export function spendOf({ low, high, unbounded }: BoundsRow): Spend {
  return { low: parseUsd(low), high: unbounded === 0 ? parseUsd(high) : null };
}
