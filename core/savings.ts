import type { Picodollars } from './money.ts';
import type { Spend } from './spend.ts';

/** What was saved, as bounds; may be negative. Null where nothing bounds it. */
export interface Saved {
  readonly low: Picodollars | null;
  readonly high: Picodollars | null;
}

/**
 * A baseline less what was spent: at least `baseline.low − actual.high`, at most `baseline.high − actual.low`. What both have
 * in common (a model that was called) is as uncertain in one as in the other, so the bounds are wide rather than wrong.
 */
export function savedAgainst(baseline: Spend, actual: Spend): Saved {
  return {
    low: actual.high === null ? null : baseline.low - actual.high,
    high: baseline.high === null ? null : baseline.high - actual.low,
  };
}
