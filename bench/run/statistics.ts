/** The value at a share of the sorted values, nearest rank; NaN of none. @param share in (0, 1]. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** A figure of several rounds: their median, and how far they lie apart. */
export interface Figure {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The middle one; of an even number the mean of the two. */
export function figureOf(rounds: readonly number[]): Figure {
  const sorted = [...rounds].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return { median: (low + high) / 2, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}
