import type { DriftPool } from './simulation.ts';

/** Slices as they are dealt, with their shares of twenty: the last is the one with 5% of the traffic. */
const SHARES = { north: 9, south: 6, west: 4, islands: 1 } as const;

type Region = keyof typeof SHARES;

export const TAG = 'region';
export const REGIONS = Object.keys(SHARES) as readonly Region[];
export const SMALLEST: Region = 'islands';

/** Of the traffic. */
export function shareOfRegion(region: Region): number {
  return SHARES[region] / Object.values(SHARES).reduce<number>((sum, share) => sum + share, 0);
}

/** Its places of twenty. */
export function placesOf(region: Region): Region[] {
  return Array<Region>(SHARES[region]).fill(region);
}

/**
 * Deals queries to regions in their shares, those that agree with the baseline and those that do not each by themselves: every region
 * begins equally good, so that what sets them apart later is what happened later.
 * @returns the region of each query, in their order.
 */
export function dealRegions(agrees: readonly boolean[]): Region[] {
  const round = dealtRound();
  const dealt = { agreeing: 0, other: 0 };
  return agrees.map((agreed) => {
    const at = agreed ? dealt.agreeing++ : dealt.other++;
    return round[at % round.length] ?? SMALLEST;
  });
}

/** The pool that a stream's queries are drawn from. */
export function regionPool(agrees: readonly boolean[]): DriftPool {
  const regions = dealRegions(agrees);
  return {
    tag: TAG,
    slices: REGIONS.map((value) => ({
      value,
      share: shareOfRegion(value),
      agrees: agrees.filter((_agreed, at) => regions[at] === value),
    })),
  };
}

/** Twenty places: the smallest region in the middle, where few queries suffice for it to have its share. */
function dealtRound(): Region[] {
  const large = REGIONS.filter((region) => region !== SMALLEST).flatMap(placesOf);
  const middle = Math.ceil(large.length / 2);
  return [...large.slice(0, middle), ...placesOf(SMALLEST), ...large.slice(middle)];
}
