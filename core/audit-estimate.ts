/**
 * From audits to all queries. An audit stands for 1 / inclusion queries, since whether a query was audited depends on nothing
 * but a draw of its own (Poisson sampling): sums are weighted so (Horvitz & Thompson 1952), and means are divided by the sum of
 * the weights (Hájek 1971), which is steadier. What is known of every query needs no audit and must not be estimated: split it
 * off, and estimate the rest.
 */
import { betaQuantile, studentQuantile } from './beta.ts';

/** What an audit found of a query. */
export interface Audited<Value> {
  readonly value: Value;
  /** The chance with which the query was to be audited, in (0, 1]. */
  readonly inclusion: number;
}

/** A figure with its interval. */
export interface Estimate {
  /** Audits that it rests on. */
  readonly audits: number;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Of the intervals, where the caller does not say. */
const DELTA = 0.05;

/** With fewer audits the spread of a skewed value, such as a cost, is not known well enough for an interval. */
const FEWEST_AUDITS = 20;

/** Resamples of one interval: its ends then move by less than a tenth of its width from one seed to another. */
const RESAMPLES = 999;

/** A value, such as the baseline's cost, beside something known of every query that goes with it, such as what was paid. */
export interface Sized extends Audited<number> {
  /** Above 0; 1 for every query where nothing is known that goes with the value. */
  readonly size: number;
}

/**
 * The sum of a value over all queries that could have been audited: the ratio of the weighted sums of values and sizes, times
 * the size of all of those queries. A query that costs more with one model mostly does with another, so that the ratio
 * varies much less than the cost, and a dear query that no audit met does not go missing. The interval is the bootstrap-t's
 * (Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 12), since costs are skewed, and each of its ends is at
 * least as far away as Student's: with a hundred audits the bootstrap still sees too little of a skewed tail. Resampling is
 * seeded: the same audits give the same interval. The sum is that of the very queries, so auditing all of them leaves no doubt.
 * @param size of all queries that could have been audited, together.
 * @param known what is known of the queries that could not: it is added as it is.
 * @param delta chance that the sum is outside, in (0, 1).
 * @returns null with fewer than {@link FEWEST_AUDITS} audits, unless there is nothing to estimate.
 * @throws {RangeError} when an inclusion is no probability above 0.
 */
export function estimateTotal(
  audits: readonly Sized[],
  size: number,
  known: number,
  delta = DELTA,
): Estimate | null {
  const n = audits.length;
  totalWeight(audits);
  if (size === 0) return { audits: n, estimate: known, low: known, high: known };
  if (n < FEWEST_AUDITS) return null;
  const { ratio, error } = weighted(audits);
  const next = uniform(n);
  const shifts: number[] = [];
  for (let resample = 0; error > 0 && resample < RESAMPLES; resample++) {
    const again = weighted(audits.map((own) => audits[Math.floor(next() * n)] ?? own));
    // A resample without spread (of one audit only, which is as good as impossible) cannot be held against any.
    if (again.error > 0) shifts.push((again.ratio - ratio) / again.error);
  }
  shifts.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    shifts[Math.min(shifts.length - 1, Math.floor(share * shifts.length))] ?? 0;
  const student = studentQuantile(1 - delta / 2, n - 1);
  return {
    audits: n,
    estimate: known + size * ratio,
    low: known + size * (ratio - error * Math.max(student, quantile(1 - delta / 2))),
    high: known + size * (ratio - error * Math.min(-student, quantile(delta / 2))),
  };
}

/** The ratio of the weighted sums, and its standard error by linearisation under Poisson sampling. */
function weighted(audits: readonly Sized[]): { readonly ratio: number; readonly error: number } {
  let sizes = 0;
  let values = 0;
  for (const { value, size, inclusion } of audits) {
    sizes += size / inclusion;
    values += value / inclusion;
  }
  const ratio = values / sizes;
  let squares = 0;
  for (const { value, size, inclusion } of audits) {
    squares += (1 - inclusion) * ((value - ratio * size) / inclusion) ** 2;
  }
  return { ratio, error: Math.sqrt((squares * audits.length) / (audits.length - 1)) / sizes };
}

/** Numbers in [0, 1), the same for the same seed on every machine: Mulberry32, enough to pick audits by. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The share of queries of which something is true. The interval is Clopper & Pearson's (1934), exact where all inclusions are
 * equal and never too narrow for rare events; else on the effective number of audits (Korn & Graubard 1998). It is about
 * the traffic that the queries are drawn from, so it keeps its width when every query is audited.
 * @returns the whole of [0, 1] without audits.
 * @throws {RangeError} as {@link estimateTotal}.
 */
export function estimateShare(audits: readonly Audited<boolean>[], delta = DELTA): Estimate {
  const n = audits.length;
  if (n === 0) return { audits: 0, estimate: Number.NaN, low: 0, high: 1 };
  const weight = totalWeight(audits);
  const estimate =
    audits.reduce((sum, { value, inclusion }) => sum + (value ? 1 / inclusion : 0), 0) / weight;
  const squares = audits.reduce((sum, { inclusion }) => sum + inclusion ** -2, 0);
  const effective = weight ** 2 / squares;
  const hits = effective * estimate;
  const misses = effective - hits;
  // Rounding must not make a certain event almost certain.
  const none = !audits.some(({ value }) => value);
  const all = audits.every(({ value }) => value);
  return {
    audits: n,
    estimate,
    low: none ? 0 : betaQuantile(delta / 2, hits, misses + 1),
    high: all ? 1 : betaQuantile(1 - delta / 2, hits + 1, misses),
  };
}

/** Whether the served and the baseline's answer were right, as judged by whoever judged both. */
export interface Judged {
  readonly served: boolean;
  readonly baseline: boolean;
}

/**
 * Accuracy of what was served less the baseline's. Queries on which both were right, or both wrong, cancel; the shares of the
 * two others are each bounded at δ/2.
 * @throws {RangeError} as {@link estimateTotal}.
 */
export function estimateGain(audits: readonly Audited<Judged>[], delta = DELTA): Estimate {
  const share = (of: (judged: Judged) => boolean): Estimate =>
    estimateShare(
      audits.map(({ value, inclusion }) => ({ value: of(value), inclusion })),
      delta / 2,
    );
  const won = share(({ served, baseline }) => served && !baseline);
  const lost = share(({ served, baseline }) => baseline && !served);
  return {
    audits: audits.length,
    estimate: won.estimate - lost.estimate,
    low: won.low - lost.high,
    high: won.high - lost.low,
  };
}

function totalWeight(audits: readonly Audited<unknown>[]): number {
  return audits.reduce((sum, { inclusion }) => {
    if (!(inclusion > 0 && inclusion <= 1))
      throw new RangeError(`an inclusion of ${inclusion} is not in (0, 1]`);
    return sum + 1 / inclusion;
  }, 0);
}
