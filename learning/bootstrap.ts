import { uniformOf } from './random.ts';

/** A figure, with the interval that it would fall into for 95% of resamples. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Resamples. At 1,000 the edges of an interval move by about 4% of its width from seed to seed. */
const RESAMPLES = 1000;
const TAIL = 0.025;

/**
 * Percentile bootstrap (Efron 1979, doi:10.1214/aos/1176344552) by query: queries are drawn with replacement, as many as
 * there are, and the figure is taken of each draw. Equal numbers of queries and equal seeds give equal draws, so that two
 * figures of one report are of the same ones, and a difference between two policies is paired. A draw that has no such figure
 * (a share of nothing) is passed over.
 * @param statistic of the queries with these indices; one may stand there more than once.
 * @returns NaN throughout where there is no query.
 */
function bootstrap(queries: number, statistic: (sample: Int32Array) => number, seed: number): Estimate {
  if (queries === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN };
  const uniform = uniformOf(seed);
  const sample = Int32Array.from({ length: queries }, (_, index) => index);
  const value = statistic(sample);
  const drawn = new Float64Array(RESAMPLES);
  for (let draw = 0; draw < RESAMPLES; draw++) {
    for (let at = 0; at < queries; at++) sample[at] = Math.floor(uniform() * queries);
    drawn[draw] = statistic(sample);
  }
  const defined = drawn.filter((figure) => !Number.isNaN(figure)).sort();
  return { value, low: quantileOf(defined, TAIL), high: quantileOf(defined, 1 - TAIL) };
}

/** The mean over queries. */
export function bootstrapMean(values: readonly number[], seed: number): Estimate {
  return bootstrap(values.length, (sample) => sumOver(values, sample) / sample.length, seed);
}

/**
 * A share of queries, 1 for each that counts and 0 for the others. Where all count, or none does, every resample says the same, however
 * few queries there are: then the bound is the exact one (Clopper & Pearson 1934), which is n-th root of the tail.
 */
export function bootstrapShare(values: readonly number[], seed: number): Estimate {
  const estimate = bootstrapMean(values, seed);
  const edge = TAIL ** (1 / values.length);
  if (values.length === 0) return estimate;
  if (values.every((value) => value === 1)) return { ...estimate, low: edge };
  return values.every((value) => value === 0) ? { ...estimate, high: 1 - edge } : estimate;
}

/**
 * The mean over queries of a − b, paired: both are of the same queries in the same order.
 * @throws {RangeError} when the two differ in length.
 */
export function pairedBootstrap(a: readonly number[], b: readonly number[], seed: number): Estimate {
  sameLength(a, b);
  return bootstrapMean(
    a.map((value, at) => value - (b[at] ?? 0)),
    seed,
  );
}

/**
 * The sum of `part` over the sum of `whole`, such as the share of spend that was discarded, or one policy's cost as a share
 * of another's on the same queries.
 * @throws {RangeError} when the two differ in length.
 */
export function bootstrapRatio(part: readonly number[], whole: readonly number[], seed: number): Estimate {
  sameLength(part, whole);
  return bootstrap(part.length, (sample) => sumOver(part, sample) / sumOver(whole, sample), seed);
}

/** A quantile over queries. @param share in [0, 1]: 0.95 for the 95th percentile. */
export function bootstrapQuantile(values: readonly number[], share: number, seed: number): Estimate {
  const drawn = new Float64Array(values.length);
  return bootstrap(
    values.length,
    (sample) => {
      for (let at = 0; at < sample.length; at++) drawn[at] = values[sample[at] ?? 0] ?? 0;
      return quantileOf(drawn.sort(), share);
    },
    seed,
  );
}

/** By linear interpolation between the two nearest of the sorted values. */
export function quantileOf(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (place - below) * (high - low);
}

function sumOver(values: readonly number[], sample: Int32Array): number {
  let sum = 0;
  for (let at = 0; at < sample.length; at++) sum += values[sample[at] ?? 0] ?? 0;
  return sum;
}

function sameLength(a: readonly number[], b: readonly number[]): void {
  if (a.length !== b.length)
    throw new RangeError(`${a.length} values beside ${b.length}: they are not pairs`);
}
