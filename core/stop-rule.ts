/**
 * When to stop: pure rules that a policy is learned with. Each is one family with one parameter, so that a search over it
 * cannot overfit much, and each comes down to a confidence at which the best candidate is accepted after each stage. The
 * state machine in `cascade.ts` knows only those thresholds; the rule is kept with the policy, because it says why they
 * are what they are, and what another parameter would make of them.
 */
export type StopRule =
  /** Accept when P(right) of the best candidate reaches the one threshold, in [0, 1]. */
  | { readonly type: 'threshold'; readonly threshold: number }
  /**
   * Go on while what the next stage is expected to add to P(right), times `lambdaUsd`, exceeds what it is expected to cost.
   * A myopic value of information; λ is what a right answer is worth, in USD.
   */
  | {
      readonly type: 'value';
      readonly lambdaUsd: number;
      /** For each stage but the last: what calling the next one costs and brings. */
      readonly steps: readonly ValueStep[];
    };

/** From one stage to the next. */
export interface ValueStep {
  /** Expected price of the next stage's call and its scoring, in USD per query. */
  readonly priceUsd: number;
  /** Expected gain in P(right) by the best candidate's confidence: see {@link GainCurve}. */
  readonly gain: GainCurve;
}

/**
 * A gain that falls, or stays, as confidence rises: straight lines between the knots (`confidence[i]`, `gain[i]`), flat
 * before the first and after the last. `confidence` ascends in [0, 1]; `gain` never rises and is 0 or more; equally many.
 */
export interface GainCurve {
  readonly confidence: readonly number[];
  readonly gain: readonly number[];
}

/** The gain at a confidence. @throws {RangeError} for a curve without knots. */
export function gainAt(curve: GainCurve, confidence: number): number {
  const above = curve.confidence.findIndex((knot) => knot > confidence);
  const right = above === -1 ? curve.confidence.length - 1 : above;
  const left = above === -1 ? right : Math.max(0, above - 1);
  const x0 = curve.confidence[left];
  const x1 = curve.confidence[right];
  const y0 = curve.gain[left];
  const y1 = curve.gain[right];
  if (x0 === undefined || x1 === undefined || y0 === undefined || y1 === undefined) {
    throw new RangeError('a gain curve has no knots');
  }
  if (confidence <= x0 || x0 === x1) return y0;
  return y0 + ((y1 - y0) * (confidence - x0)) / (x1 - x0);
}

/**
 * The confidence at which the best candidate is accepted after each stage, in [0, 1]; as long as the chain. The last
 * stage's is the rule's own for `threshold`, and 0 for `value`: there is nothing left to buy.
 * @throws {RangeError} when a `value` rule has not one step for each stage but the last.
 */
export function thresholdsOf(rule: StopRule, stages: number): number[] {
  if (rule.type === 'threshold') return Array<number>(stages).fill(rule.threshold);
  if (rule.steps.length !== stages - 1) {
    throw new RangeError(`${rule.steps.length} steps for a chain of ${stages} stages`);
  }
  return [...rule.steps.map((step) => worthless(step, rule.lambdaUsd)), 0];
}

/** The lowest confidence from which on the next stage is not worth its price; 1 where it always is. */
function worthless({ priceUsd, gain }: ValueStep, lambdaUsd: number): number {
  if (gainAt(gain, 0) * lambdaUsd <= priceUsd) return 0;
  if (gainAt(gain, 1) * lambdaUsd > priceUsd) return 1;
  // The curve falls, so halving finds the place: to the last digit of a double in 60 steps.
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (gainAt(gain, middle) * lambdaUsd <= priceUsd) high = middle;
    else low = middle;
  }
  return high;
}
