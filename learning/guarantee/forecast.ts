import { costShareOf } from '../cost-share.ts';
import type { Claim, FrozenTest } from './frozen-test.ts';
import { marksOf, meanCosts, meanLoss, tallyOf, type PathOutcomes } from './outcomes.ts';
import { pathTest, smallestSample } from './path-test.ts';
import { testSamples } from './resample.ts';

/** What may be expected of a certificate, said before a certify label is read. */
export interface Forecast {
  /** Labelled queries of the certify sample. */
  readonly n: number;
  /** What it takes without a single loss, for or against: see `smallestSample`. */
  readonly smallestN: number;
  /** Chance that a point other than the baseline certifies, in [0, 1]. */
  readonly chance: number;
  /**
   * Mean cost of what would be certified as a share of the baseline's; 1 where nothing else is.
   */
  readonly costShare: number;
}

/** The forecast for people, to be shown before the labels are read. */
export function forecastText({ loss, alpha }: Claim, { n, smallestN, chance, costShare }: Forecast): string {
  const percent = (share: number): string => `${Math.round(100 * share)}%`;
  const wanted = `${loss} ≤ ${Number((100 * alpha).toPrecision(6))}%`;
  return (
    `${wanted}: by the selection data, ${n} certify labels give a chance of ${percent(chance)} to certify something other than ` +
    `the baseline, and an expected cost of ${percent(costShare)} of the baseline’s. Without a single loss it takes ${smallestN}.`
  );
}

/** The chance is then known to about ±0.02. */
const SAMPLES = 500;

/** Half of a random stream's cycle from the samples that the path was chosen by, on which it looks better than it is. */
const OTHER_DRAWS = 2 ** 31;

/** A chance that is worth labelling for. */
const GOOD_CHANCE = 0.8;
/** Samples for each number of labels that is tried: the chance is then known to about ±0.04. */
const SEARCH_SAMPLES = 100;
/** With more labels than that, "more labels" is no advice. */
const MOST_LABELS = 100_000;

/**
 * Runs the very test on samples drawn from the selection data. It is as optimistic as those data are: a path that was fitted
 * on them without cross-fitting looks better there than it is.
 * @param n labelled queries that the certify sample will have.
 * @param level what the test is made at: δ / 2^k for the k-th use of the split.
 */
export function forecast(
  test: FrozenTest,
  selection: PathOutcomes,
  n: number,
  level: number,
  seed: number,
): Forecast {
  const costs = meanCosts(selection);
  let [others, costShare] = [0, 0];
  const marks = marksOf(test.loss, selection);
  for (const { result } of testSamples(pathTest(test, level), marks, n, SAMPLES, seed + OTHER_DRAWS)) {
    const point = result.last ?? 0;
    if (point > 0) others++;
    costShare += costShareOf(costs[point] ?? 0, costs[0] ?? 0) / SAMPLES;
  }
  return { n, smallestN: smallestSample(test.alpha, level), chance: others / SAMPLES, costShare };
}

/**
 * About how many labels a sample needs for a chance of 80% that a point other than the baseline certifies, if all queries
 * are like the given ones; null where their loss at the path's first two points is not below α, so that no number is expected
 * to do, and where it would take more than 100,000.
 * @param known labelled outcomes, the more the better: those of selection, and of a certify sample that has been read.
 */
export function labelsNeeded(
  test: FrozenTest,
  known: PathOutcomes,
  level: number,
  seed: number,
): number | null {
  const marks = marksOf(test.loss, known).slice(0, 2);
  const isHopeless = marks.some((of) => meanLoss(test.loss, tallyOf(of)) >= test.alpha);
  if (marks.length < 2 || isHopeless) return null;
  const run = pathTest({ ...test, pilot: marks.map(tallyOf) }, level);
  const isEnough = (n: number): boolean => {
    let others = 0;
    for (const { result } of testSamples(run, marks, n, SEARCH_SAMPLES, seed))
      if (result.last === 1) others++;
    return others >= GOOD_CHANCE * SEARCH_SAMPLES;
  };
  let few = smallestSample(test.alpha, level) - 1;
  let enough = few + 1;
  while (!isEnough(enough)) {
    [few, enough] = [enough, 2 * enough];
    if (enough > MOST_LABELS) return null;
  }
  // To within a tenth: the chance itself is not known better.
  while (enough - few > enough / 10) {
    const middle = Math.round((few + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}
