import type { FrozenTest } from './frozen-test.ts';
import { marksOf, meanCosts, meanLoss, tallyOf, type PathOutcomes } from './outcomes.ts';
import { pathTest } from './path-test.ts';
import { cheapestWithin } from './plug-in.ts';
import { testSamples } from './resample.ts';

/** What came of certifying many times, where the truth is known. Counts are of samples. */
export interface Trials {
  readonly samples: number;
  readonly tested: TrialOutcome;
  /** The plug-in point of the same samples (see `plug-in.ts`). */
  readonly plugIn: TrialOutcome;
  /** The true loss of each point: that of the population. */
  readonly truth: readonly number[];
}

export interface TrialOutcome {
  /** Points whose true loss is above α were certified. */
  readonly violations: number;
  /** A point other than the baseline was certified: the power. */
  readonly others: number;
  /** Mean cost as a share of the baseline's on the population, 1 where nothing else was certified. */
  readonly costShare: number;
  /** How often each point was; the rest of the samples certified none. */
  readonly points: readonly number[];
}

/** Losses are means of thousandths: what differs less is equal. */
const ROUNDING = 1e-9;

/**
 * Certifies on samples drawn with replacement from a population that is known whole, so that one can see how often the
 * certificate is wrong, and how often it comes at all.
 */
export function certifyManyTimes(
  test: FrozenTest,
  population: PathOutcomes,
  options: {
    /** Queries of each certify sample. */
    readonly n: number;
    readonly samples: number;
    readonly level: number;
    readonly seed: number;
  },
): Trials {
  const { n, samples, level, seed } = options;
  const marks = marksOf(test.loss, population);
  const truth = marks.map((of) => meanLoss(test.loss, tallyOf(of)));
  const costs = meanCosts(population);
  const tested: (number | null)[] = [];
  const plugIn: (number | null)[] = [];
  for (const { result, marksAt } of testSamples(pathTest(test, level), marks, n, samples, seed)) {
    tested.push(result.last);
    const losses = marks.map((_of, point) => meanLoss(test.loss, tallyOf(marksAt(point))));
    plugIn.push(cheapestWithin(test.alpha, losses, costs));
  }
  const summary = (chosen: readonly (number | null)[]): TrialOutcome => ({
    violations: chosen.filter((point) => point !== null && (truth[point] ?? 0) > test.alpha + ROUNDING)
      .length,
    others: chosen.filter((point) => point !== null && point > 0).length,
    costShare:
      chosen.reduce<number>((sum, point) => sum + (costs[point ?? 0] ?? 0), 0) / (costs[0] ?? 0) / samples,
    points: costs.map((_cost, point) => chosen.filter((other) => other === point).length),
  });
  return { samples, tested: summary(tested), plugIn: summary(plugIn), truth };
}
