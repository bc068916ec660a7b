import { pairedDifference, Z, type PairedDifference } from './paired.ts';

/** A difference of two shares of right answers to the same queries; its interval keeps a width where few answers differ. */
export interface PairedShares extends PairedDifference {
  /** Queries that only the first policy has right. */
  readonly better: number;
  /** Queries that only the second has right. */
  readonly worse: number;
}

/** Halvings of the range of a difference: its bounds are then known to 10⁻⁹. */
const HALVINGS = 32;

/**
 * Tango's score interval of 95% (1998, [doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B]): the differences
 * that the queries do not rule out, each judged by the spread that it would itself bring about. mean(d) ± 1.96 · sd(d) / √n judges
 * all by the spread that was seen, so where no answer differs it is sure of a difference of zero after two queries; this one then
 * reaches to ± z² / (n + z²).
 * @param differences of each query: 1 where only the first policy is right, −1 where only the second is, else 0.
 */
export function pairedShares(differences: readonly number[]): PairedShares {
  const better = differences.filter((difference) => difference > 0).length;
  const worse = differences.filter((difference) => difference < 0).length;
  const shares = { ...pairedDifference(differences), better, worse };
  return { ...shares, low: -edge(mirrored(shares)), high: edge(shares) };
}

/**
 * How many more queries would bring the interval's edge to `boundary`, if as large a share of them differed either way. Null where
 * no number would.
 */
export function sharesNeeded(shares: PairedShares, boundary: number): number | null {
  const deviations = Math.abs(score(shares, boundary));
  if (deviations === 0) return null;
  return Math.max(0, Math.ceil(shares.queries * (Z / deviations) ** 2) - shares.queries);
}

type Counts = Pick<PairedShares, 'queries' | 'better' | 'worse'>;

function mirrored({ queries, better, worse }: Counts): Counts {
  return { queries, better: worse, worse: better };
}

/** The greatest difference that is not ruled out. */
function edge(counts: Counts): number {
  if (counts.queries === 0) return 1;
  let [low, high] = [(counts.better - counts.worse) / counts.queries, 1];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (score(counts, middle) > -Z) low = middle;
    else high = middle;
  }
  return high;
}

/** By how many of its standard deviations what was seen lies above a true difference. */
function score({ queries: n, better, worse }: Counts, difference: number): number {
  const seen = better - worse - n * difference;
  if (seen === 0) return 0;
  const b = (2 * n - better + worse) * difference - better - worse;
  const c = -worse * difference * (1 - difference);
  // The likeliest share of queries that only the second has right, were the difference true.
  const share = (Math.sqrt(b * b - 8 * n * c) - b) / (4 * n);
  return seen / Math.sqrt(n * (2 * share + difference * (1 - difference)));
}
