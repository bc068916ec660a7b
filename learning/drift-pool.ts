import type { DriftPool } from './drift-simulation.ts';

/** Slices as they are dealt, with their shares of twenty: the last is the one with 5% of the traffic. */
const SHARES = { north: 9, south: 6, west: 4, islands: 1 } as const;

type Region = keyof typeof SHARES;

const TAG = 'region';
export const SMALLEST: Region = 'islands';

/**
 * Deals queries to regions in their shares, those that agree with the baseline and those that do not each by themselves: every region
 * begins equally good, so that what sets them apart later is what happened later.
 * @returns the region of each query, in their order.
 */
function dealRegions(agrees: readonly boolean[]): Region[] {
  const round = dealtRound();
  const dealt = [0, 0];
  return agrees.map((agreed) => {
    const at = dealt[Number(agreed)]++;
    return round[at % round.length] ?? SMALLEST;
  });
}

/** The pool that a stream's queries are drawn from. */
export function regionPool(agrees: readonly boolean[]): DriftPool {
  const regions = dealRegions(agrees);
  const total = Object.values(SHARES).reduce((sum, share) => sum + share, 0);
  return {
    tag: TAG,
    slices: Object.entries(SHARES).map(([value, share]) => ({
      value,
      share: share / total,
      agrees: agrees.filter((_agreed, at) => regions[at] === value),
    })),
  };
}

/** Twenty places: the smallest region in the middle, where few queries suffice for it to have its share. */
function dealtRound(): Region[] {
  const places = Object.entries(SHARES).flatMap(([region, share]) => Array<Region>(share).fill(region as Region));
  const small = places.indexOf(SMALLEST);
  const middle = Math.floor(places.length / 2);
  return [...places.slice(0, middle), ...places.slice(small), ...places.slice(middle, small)];
}
