/** What is known of a mean: both in the unit of the values. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The least and the greatest that a value can be, known before any is seen. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** Of what a bettor owns, the most that one value may cost: with more, a single unlikely value would ruin the bet for good. */
const MOST_AT_STAKE = 1 / 2;

/** Halvings of the range: more would move a bound by less than 10⁻⁹ of it. */
const HALVINGS = 30;

/**
 * Bounds on the mean of bounded values that hold at every moment at once: with probability of at least 1 − δ the mean lies
 * within them however often one looks, and whenever one stops. The hedged capital of Waudby-Smith & Ramdas 2023
 * (arXiv:2010.09686, theorem 3): one bettor stakes money on the mean being above m, another on its being below; at the true
 * mean neither is expected to gain, so an m at which one of them ever gets rich is ruled out (Ville's inequality).
 *
 * The mean is what each value is expected to be given the ones before it; that is all that is assumed.
 * @param values in the order in which they became known, which must not depend on what they are. At each later look the earlier
 * values come first, unchanged.
 * @param delta the chance that the mean is ever outside, in (0, 1).
 * @returns the whole range while there are no values.
 * @throws {RangeError} when a value is outside the range, or `delta` is.
 */
export function meanBounds(
  values: readonly number[],
  delta: number,
  range: ValueRange = { low: 0, high: 1 },
): Bounds {
  if (!(delta > 0 && delta < 1)) throw new RangeError(`delta is ${delta}: it must be between 0 and 1`);
  const width = range.high - range.low;
  const units = values.map((value) => {
    if (!(value >= range.low && value <= range.high)) {
      throw new RangeError(`a value is ${value}: the range is ${range.low} to ${range.high}`);
    }
    return (value - range.low) / width;
  });
  const bets = plugInBets(units, delta);
  const rich = Math.log(2 / delta);
  const below = outermost((mean) => bestLogCapital(units, bets, mean, 1) >= rich);
  const above = outermost((distance) => bestLogCapital(units, bets, 1 - distance, -1) >= rich);
  return { low: range.low + below * width, high: range.high - above * width };
}

/**
 * Bounds on mean(treatment) − mean(control) that hold at every moment at once, whatever the sizes of the two arms: each arm's
 * mean is bounded at δ/2. Parameters and errors as for {@link meanBounds}.
 */
export function meanDifferenceBounds(
  treatment: readonly number[],
  control: readonly number[],
  delta: number,
  range: ValueRange = { low: 0, high: 1 },
): Bounds {
  const treated = meanBounds(treatment, delta / 2, range);
  const held = meanBounds(control, delta / 2, range);
  return { low: treated.low - held.high, high: treated.high - held.low };
}

/**
 * How much to stake on each value, seen from the values before it (equation 26 there): less the more they vary, and less with
 * time, so that the bounds go on narrowing.
 */
function plugInBets(units: readonly number[], delta: number): number[] {
  let sum = 1 / 2;
  let squares = 1 / 4;
  return units.map((unit, before) => {
    const time = before + 1;
    const bet = Math.sqrt((2 * Math.log(2 / delta)) / ((squares / time) * time * Math.log(1 + time)));
    sum += unit;
    squares += (unit - sum / (time + 1)) ** 2;
    return bet;
  });
}

/** The most that a bettor against `mean` ever owned, as a logarithm; he bets on a greater mean where `side` is 1. */
function bestLogCapital(
  units: readonly number[],
  bets: readonly number[],
  mean: number,
  side: 1 | -1,
): number {
  const cap = MOST_AT_STAKE / (side === 1 ? mean : 1 - mean);
  let capital = 0;
  let best = 0;
  for (const [at, unit] of units.entries()) {
    capital += Math.log1p(side * Math.min(bets[at] ?? 0, cap) * (unit - mean));
    best = Math.max(best, capital);
  }
  return best;
}

/** The greatest x in [0, 1] known to be ruled out, where all below a ruled-out one are too; 0 where none is. */
function outermost(isRuledOut: (x: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (isRuledOut(middle)) low = middle;
    else high = middle;
  }
  return low;
}
