import { marksOf, meanCosts, meanLoss, tallyOf, type PathOutcomes } from './outcomes.ts';
import type { Claim } from './frozen-test.ts';

/**
 * What is often done instead: the cheapest point whose loss *on the sample* is at most α. It is no guarantee, since the best
 * of many looks better than it is. It is shown beside the certificate, for comparison only.
 * @returns null where no point's is.
 */
export function plugInPoint(claim: Claim, sample: PathOutcomes): number | null {
  const losses = marksOf(claim.loss, sample).map((marks) => meanLoss(claim.loss, tallyOf(marks)));
  return cheapestWithin(claim.alpha, losses, meanCosts(sample));
}

export function cheapestWithin(
  alpha: number,
  losses: readonly number[],
  costs: readonly number[],
): number | null {
  let cheapest: number | null = null;
  for (const [point, loss] of losses.entries()) {
    if (loss > alpha) continue;
    if (cheapest === null || (costs[point] ?? 0) < (costs[cheapest] ?? 0)) cheapest = point;
  }
  return cheapest;
}
