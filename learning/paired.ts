/** A mean difference per query between two policies on the same queries, with its 95% interval. */
export interface PairedDifference {
  readonly queries: number;
  readonly mean: number;
  /** Paired standard error: the standard deviation of the differences (n − 1) over √n. */
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95% of the normal distribution, which the mean of many differences approaches. */
export const Z = 1.96;

/**
 * mean(d) ± 1.96 · sd(d) / √n over the differences d of each query. Paired, because both policies answer the same queries: what
 * makes a query hard or long is in both and cancels.
 * @param differences one per query; with fewer than two nothing bounds the mean.
 */
export function pairedDifference(differences: readonly number[]): PairedDifference {
  const n = differences.length;
  const mean = n === 0 ? 0 : differences.reduce((sum, value) => sum + value, 0) / n;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = n < 2 ? Number.POSITIVE_INFINITY : Math.sqrt(squares / (n - 1) / n);
  return { queries: n, mean, standardError, low: mean - Z * standardError, high: mean + Z * standardError };
}

/**
 * How many more queries would bring the interval's edge to `boundary`, if mean and spread stay as they are: n · (1.96 · se /
 * |mean − boundary|)² − n. Null where no number would, or fewer than two queries say nothing about the spread.
 */
export function queriesNeeded(difference: PairedDifference, boundary: number): number | null {
  const distance = Math.abs(difference.mean - boundary);
  if (distance === 0 || !Number.isFinite(difference.standardError)) return null;
  const needed = difference.queries * ((Z * difference.standardError) / distance) ** 2;
  return Math.max(0, Math.ceil(needed) - difference.queries);
}
