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
 * A gain that does not rise with confidence: `gain[i]` holds for confidences from `from[i]` up to `from[i + 1]`.
 * `from` ascends and begins at 0; `gain` never rises; both have one or more entries, equally many.
 */
export interface GainCurve {
  readonly from: readonly number[];
  readonly gain: readonly number[];
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
function worthless({ priceUsd, gain: { from, gain } }: ValueStep, lambdaUsd: number): number {
  const at = gain.findIndex((value) => value * lambdaUsd <= priceUsd);
  return at === -1 ? 1 : (from[at] ?? 1);
}
