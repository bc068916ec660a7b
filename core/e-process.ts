/**
 * Evidence that a mean loss is above α, gathered as losses come in: an e-process. While the mean is at most α, the chance that
 * its value ever reaches 1/δ is at most δ (Ville's inequality), so it can be watched all the time, and an alarm at 1/δ is
 * false with probability of at most δ over the whole watch. Betting as in Waudby-Smith & Ramdas 2023 (arXiv:2010.09686).
 *
 * The bettor starts with 1 and stakes it on losses above α. Since a change may come late, he does not begin with all of it: the
 * share 1/√(t+1) stays in his pocket after the t-th loss, out of reach of the good times before the change. A bettor who
 * had staked all from the start would have lost it by then. Being late costs 1.5 · ln t of log evidence, nothing else.
 */
export interface LossWatch {
  /** The mean loss that is claimed to hold, in (low, high). */
  readonly alpha: number;
  /** The least and the greatest that one loss can be. */
  readonly low: number;
  readonly high: number;
  /** The least probability with which a query's loss is observed, in (0, 1]: 1 where each is. */
  readonly minInclusion: number;
}

/** Plain JSON, so that it can be stored between observations. */
export interface EProcess {
  /** Losses so far. */
  readonly observed: number;
  /** ln of the money at stake with each of the {@link STAKES}; null before the first loss. */
  readonly logCapital: readonly number[] | null;
  /** ln of the greatest e-value so far; 0 at the start. */
  readonly logPeak: number;
}

/** Shares of his capital that the bettor may lose with one loss: a sixth of the money on each, since none suits every change. */
const STAKES = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64];

export const NO_EVIDENCE: EProcess = { observed: 0, logCapital: null, logPeak: 0 };

/**
 * The evidence after one more loss. A query whose loss was not observed is left out. Losses weigh 1/`inclusion`, so that the
 * mean is that of all queries, whichever of them were likelier to be observed; the stakes do not depend on `inclusion`,
 * since it may go with the loss.
 * @param inclusion the probability with which this query was to be observed, fixed before its loss was known.
 * @throws {RangeError} when the loss, its inclusion or α is outside what `watch` says: a bet on it could be lost twice over.
 */
export function observeLoss(watch: LossWatch, before: EProcess, loss: number, inclusion = 1): EProcess {
  const { alpha, low, high, minInclusion } = watch;
  if (!(alpha > low && alpha < high)) {
    throw new RangeError(`alpha is ${alpha}: it must be between ${low} and ${high}`);
  }
  if (!(loss >= low && loss <= high)) {
    throw new RangeError(`a loss is ${loss}: the range is ${low} to ${high}`);
  }
  if (!(minInclusion > 0 && inclusion >= minInclusion && inclusion <= 1)) {
    throw new RangeError(`an inclusion is ${inclusion}: the range is ${minInclusion} to 1`);
  }
  const observed = before.observed + 1;
  const fresh = Math.log((pocket(before.observed) - pocket(observed)) / STAKES.length);
  const logCapital = STAKES.map((stake, at) => {
    const bet = (stake * minInclusion) / (alpha - low);
    const working = before.logCapital === null ? fresh : logSum(before.logCapital[at] ?? -Infinity, fresh);
    return working + Math.log1p((bet * (loss - alpha)) / inclusion);
  });
  const logPeak = Math.max(before.logPeak, logEValue({ observed, logCapital }));
  return { observed, logCapital, logPeak };
}

/** The e-value now: 1 at the start; the money of the bettor. */
export function eValue(process: EProcess): number {
  return Math.exp(logEValue(process));
}

/** A p-value that is valid at every moment: 1 over the greatest e-value so far, in (0, 1]. */
export function anytimePValue({ logPeak }: EProcess): number {
  return Math.exp(-logPeak);
}

function logEValue({ observed, logCapital }: Omit<EProcess, 'logPeak'>): number {
  return (logCapital ?? []).reduce(logSum, Math.log(pocket(observed)));
}

/** The share that is not at stake yet after so many losses. */
function pocket(observed: number): number {
  return 1 / Math.sqrt(observed + 1);
}

/** ln(eᵃ + eᵇ). */
function logSum(a: number, b: number): number {
  const larger = Math.max(a, b);
  return larger === -Infinity ? larger : larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
}
