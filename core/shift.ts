/** Confidences and acceptances of a stretch of time. */
export interface ShiftSample {
  readonly queries: number;
  /** Those whose answer was accepted by its confidence. */
  readonly accepted: number;
  /** Scored answers by confidence, in bins of equal width from 0 to 1; two samples that are compared have as many. */
  readonly confidences: readonly number[];
}

/** Whether two samples differ by more than chance would have it; null where there are too few queries to say. */
export interface Shift {
  /** Of the confidences: Kolmogorov and Smirnov's test. */
  readonly confidencePValue: number | null;
  /** Of the share of accepted answers: the two-proportion z-test, two-sided. */
  readonly acceptancePValue: number | null;
}

/** Below it a shift is worth a warning. Each look is another test, so a warning is no alarm. */
const SHIFT_LEVEL = 0.001;

/** What is worth a warning, in words; empty where nothing is. */
export function shiftTexts({ confidencePValue, acceptancePValue }: Shift): string[] {
  const tested = [
    ['the distribution of confidences', 'Kolmogorov-Smirnov', confidencePValue],
    ['the share of accepted answers', 'z-test', acceptancePValue],
  ] as const;
  return tested.flatMap(([what, test, pValue]) =>
    pValue === null || pValue >= SHIFT_LEVEL
      ? []
      : [
          `${what} of the last 7 days differs from that of the 28 before (${test}, p = ${pValue.toExponential(1)})`,
        ],
  );
}

/** With fewer, the tests' large-sample formulas are not to be trusted. */
const FEWEST = 100;

/**
 * Whether queries of late differ from those before. That says nothing of whether answers are right: traffic may have changed, or a
 * scorer may see what it was not fitted on. Binned confidences make the first test a little careful.
 */
export function shiftOf(recent: ShiftSample, before: ShiftSample): Shift {
  return {
    confidencePValue: kolmogorovSmirnov(recent.confidences, before.confidences),
    acceptancePValue: twoProportions(recent, before),
  };
}

/** The asymptotic p-value, corrected for samples that are not large (Stephens 1970). */
function kolmogorovSmirnov(recent: readonly number[], before: readonly number[]): number | null {
  const [n, m] = [sum(recent), sum(before)];
  if (n < FEWEST || m < FEWEST) return null;
  let [left, right, distance] = [0, 0, 0];
  for (const [bin, count] of recent.entries()) {
    left += count / n;
    right += (before[bin] ?? 0) / m;
    distance = Math.max(distance, Math.abs(left - right));
  }
  const root = Math.sqrt((n * m) / (n + m));
  const x = (root + 0.12 + 0.11 / root) * distance;
  // Below it the series converges too slowly, to 1.
  if (x < 0.3) return 1;
  let pValue = 0;
  for (let term = 1; term <= 20; term++) pValue += 2 * (-1) ** (term - 1) * Math.exp(-2 * (term * x) ** 2);
  return Math.min(1, Math.max(0, pValue));
}

function twoProportions(recent: ShiftSample, before: ShiftSample): number | null {
  const [n, m] = [recent.queries, before.queries];
  if (n < FEWEST || m < FEWEST) return null;
  const pooled = (recent.accepted + before.accepted) / (n + m);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return error === 0 ? 1 : twoSided(Math.abs(recent.accepted / n - before.accepted / m) / error);
}

/** P(|Z| > z) of a standard normal, off by at most 1.5 · 10⁻⁷ (Abramowitz & Stegun 1964, 7.1.26). */
function twoSided(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.327_591_1 * x);
  const coefficients = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
  return coefficients.reduce((value, coefficient) => value * t + coefficient, 0) * t * Math.exp(-x * x);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
