import type { HeldOutComparison, PolicyOutcome } from '../../core/proposal.ts';
import { mean } from '../baselines/outcomes.ts';
import { bettingPValue, planBets } from '../guarantee/betting-test.ts';
import { smallestSample } from '../guarantee/path-test.ts';
import { tallyOf } from '../guarantee/outcomes.ts';
import { pairedShares } from '../paired-shares.ts';
import { pairedDifference, type PairedDifference } from '../paired.ts';

/** What a policy did to some queries, in one order: 1 for a right answer, and USD. */
export interface Outcomes {
  readonly right: readonly number[];
  readonly costUsd: readonly number[];
}

/** Two policies on the same queries. */
export interface PairedOutcomes {
  readonly current: Outcomes;
  readonly learned: Outcomes;
}

/** The chance with which a policy that loses more than is allowed passes for one that does not. */
const LEVEL = 0.05;

/**
 * Holds a learned policy against the current one. That it gives away more accuracy than `maxLoss` is tested by betting, as
 * regret is for certificates: exact for any number of queries, where an interval by the normal approximation would be too sure of
 * itself when few queries differ. The stakes are planned on the queries that were learned from, which makes them good ones at best.
 * @param train of the queries that were learned from. @param heldOut of those that were not, in an order that does not depend
 * on the outcomes.
 */
export function compareHeldOut(
  train: PairedOutcomes,
  heldOut: PairedOutcomes,
  maxLoss: number,
  chains: { readonly current: readonly string[]; readonly learned: readonly string[] },
): Omit<HeldOutComparison, 'judges'> {
  const { current, learned } = heldOut;
  const bets = planBets(
    { good: maxLoss + 1, neutral: maxLoss, bad: maxLoss - 1 },
    tallyOf(regretMarks(train)),
  );
  return {
    queries: learned.right.length,
    learnedFrom: train.learned.right.length,
    current: { chain: chains.current, ...meansOf(current) },
    learned: { chain: chains.learned, ...meansOf(learned) },
    accuracyDifference: intervalOf(pairedShares(differences(learned.right, current.right))),
    costDifference: intervalOf(pairedDifference(differences(learned.costUsd, current.costUsd))),
    pValue: bettingPValue(regretMarks(heldOut), bets, LEVEL),
    maxLoss,
  };
}

/** What is to be done, and why. */
export interface Decision {
  readonly decision: 'proposed' | 'refused';
  readonly reason: string;
}

/**
 * Quality holds where it is shown, at {@link LEVEL}, that no more accuracy is given away than is allowed. Then it must be for
 * something: a lower cost, or more right answers at no higher cost, each by its 95% interval.
 */
export function decide(comparison: Omit<HeldOutComparison, 'judges'>): Decision {
  const { queries, maxLoss, pValue, accuracyDifference, costDifference, current, learned } = comparison;
  const figures =
    `on ${queries} held-out queries accuracy ${percent(learned.accuracy)} against ${percent(current.accuracy)} ` +
    `(difference ${points(accuracyDifference.mean)} points, 95% ${points(accuracyDifference.low)} to ${points(accuracyDifference.high)}), ` +
    `cost ${costText(learned.costUsd, current.costUsd)}`;
  if (pValue > LEVEL) {
    const least = smallestSample(maxLoss, LEVEL);
    const few =
      queries < least
        ? ` That takes at least ${least} held-out queries, where not one differs: audit more, wait, or allow more with max_loss`
        : '';
    return {
      decision: 'refused',
      reason: `quality is not shown to hold: that it loses more than ${points(maxLoss, '')} points cannot be ruled out (p = ${pValue.toPrecision(2)}, needed ${LEVEL}): ${figures}.${few}`,
    };
  }
  const gain =
    costDifference.high < 0
      ? 'it costs less'
      : accuracyDifference.low > 0 && costDifference.mean <= 0
        ? 'it is more often right and costs no more'
        : null;
  const held = `it loses at most ${points(maxLoss, '')} points (p = ${pValue.toPrecision(2)})`;
  return gain === null
    ? {
        decision: 'refused',
        reason: `nothing is gained: ${held}, but it is not shown to cost less, nor to be more often right at no more cost: ${figures}`,
      }
    : { decision: 'proposed', reason: `${gain}, and ${held}: ${figures}` };
}

/** 1 where only the current policy is right, −1 where only the learned one is. */
function regretMarks({ current, learned }: PairedOutcomes): Int8Array {
  return Int8Array.from(learned.right, (right, at) => (current.right[at] ?? 0) - right);
}

function meansOf({ right, costUsd }: Outcomes): Omit<PolicyOutcome, 'chain'> {
  return { accuracy: mean(right), costUsd: mean(costUsd) };
}

function differences(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, at) => value - (b[at] ?? 0));
}

function intervalOf({ mean: value, low, high }: PairedDifference) {
  return { mean: value, low, high };
}

function costText(learned: number, current: number): string {
  const share = current === 0 ? '' : `, ${percent(learned / current)} of it`;
  return `$${learned.toPrecision(3)} a query against $${current.toPrecision(3)}${share}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function points(share: number, plus = '+'): string {
  return `${share < 0 ? '−' : plus}${Math.abs(100 * share).toFixed(2)}`;
}
