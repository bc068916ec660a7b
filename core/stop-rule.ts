/**
 * When to stop: pure rules that a policy is learned with. Each is one family with one parameter, so that a search over it
 * cannot overfit much, and each comes down to a confidence at which the best candidate is accepted after each stage. Those
 * thresholds are all that the state machine in `cascade.ts` needs, unless they depend on what the query has spent: then it
 * asks the rule for each. The rule is kept with every learned policy, because it says why they are what they are, and what
 * another parameter would make of them.
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
  /** Expected price of the next stage's call and its scoring, in USD per query: the mean over queries. */
  readonly priceUsd: number;
  /** Where given, what a query has spent says more of the price: see {@link expectedPrice}. */
  readonly spent?: SpentLine;
  /** Expected gain in P(right) by the best candidate's confidence: see {@link GainCurve}. */
  readonly gain: GainCurve;
}

/**
 * How the next price goes with what a query has spent before it: what was dear so far (a long prompt, a long line of
 * reasoning) is dear again.
 */
export interface SpentLine {
  /** What queries have spent up to the step in the mean, in USD: there the price is `priceUsd`. */
  readonly meanUsd: number;
  /** Dollars more that the next call is expected to cost for each dollar more that was spent; 0 or more. */
  readonly slope: number;
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

/** However little a query has spent, its next call is expected to cost this share of the mean price. */
const LEAST_PRICE = 0.1;

/**
 * What the next stage is expected to cost a query, in USD: priceUsd + slope · (spent − mean spend), and at least a tenth of
 * `priceUsd`; `priceUsd` itself where the step has no line.
 * @param spentUsd what the query has spent up to the step, over all its calls and their scoring.
 */
export function expectedPrice({ priceUsd, spent }: ValueStep, spentUsd: number): number {
  if (spent === undefined) return priceUsd;
  return Math.max(LEAST_PRICE * priceUsd, priceUsd + spent.slope * (spentUsd - spent.meanUsd));
}

/** Whether the next stage is worth its price to a query: what it is expected to add, times λ, exceeds it. */
export function isWorth(step: ValueStep, lambdaUsd: number, confidence: number, spentUsd: number): boolean {
  return gainAt(step.gain, confidence) * lambdaUsd > expectedPrice(step, spentUsd);
}

/** What a plan keeps of its rule: the rule itself where thresholds depend on what a query has spent, else nothing. */
export function pinnedRule(rule: StopRule): { readonly stopRule?: StopRule } {
  const depends = rule.type === 'value' && rule.steps.some(({ spent }) => spent !== undefined);
  return depends ? { stopRule: rule } : {};
}

/**
 * The confidence at which the best candidate is accepted after each stage, in [0, 1]; as long as the chain. The last
 * stage's is the rule's own for `threshold`, and 0 for `value`: there is nothing left to buy. Where they depend on what a
 * query has spent, these are for one that has spent as much as queries do in the mean; see {@link thresholdAfter}.
 * @throws {RangeError} when a `value` rule has not one step for each stage but the last.
 */
export function thresholdsOf(rule: StopRule, stages: number): number[] {
  return Array.from({ length: stages }, (_, stage) => thresholdAfter(rule, stage, stages, null));
}

/** Whether these thresholds are what a rule comes down to, see {@link thresholdsOf}; false for a rule of another chain's length. */
export function comesDownTo(rule: StopRule, stages: number, thresholds: readonly number[]): boolean {
  if (rule.type === 'value' && rule.steps.length !== stages - 1) return false;
  return thresholdsOf(rule, stages).every((threshold, at) => threshold === thresholds[at]);
}

/**
 * The confidence at which the best candidate is accepted after a stage, in [0, 1].
 * @param stage from 0. @param stages of the chain. @param spentUsd what the query has spent so far; null: the mean.
 * @throws {RangeError} when a `value` rule has not one step for each stage but the last.
 */
export function thresholdAfter(
  rule: StopRule,
  stage: number,
  stages: number,
  spentUsd: number | null,
): number {
  if (rule.type === 'threshold') return rule.threshold;
  if (rule.steps.length !== stages - 1) {
    throw new RangeError(`${rule.steps.length} steps for a chain of ${stages} stages`);
  }
  const step = rule.steps[stage];
  if (step === undefined) return 0;
  return worthless(step, rule.lambdaUsd, spentUsd ?? step.spent?.meanUsd ?? 0);
}

/**
 * The rule of a chain without one of its stages: the others' thresholds stay what they are for the same calls. What the stage
 * would have cost is not in what is spent after it; the last stage that remains has nothing to buy.
 * @param stage from 0, of a chain of two or more.
 */
export function withoutStep(rule: StopRule, stage: number): StopRule {
  if (rule.type === 'threshold') return rule;
  const cost = stage === 0 ? rule.steps[0]?.spent?.meanUsd : rule.steps[stage - 1]?.priceUsd;
  const later = rule.steps.slice(stage + 1).map((step): ValueStep => {
    if (step.spent === undefined) return step;
    return { ...step, spent: { ...step.spent, meanUsd: Math.max(0, step.spent.meanUsd - (cost ?? 0)) } };
  });
  const isLast = stage === rule.steps.length;
  return { ...rule, steps: isLast ? rule.steps.slice(0, -1) : [...rule.steps.slice(0, stage), ...later] };
}

/** The lowest confidence from which on the next stage is not worth its price; 1 where it always is. */
function worthless(step: ValueStep, lambdaUsd: number, spentUsd: number): number {
  const isWorthAt = (confidence: number) => isWorth(step, lambdaUsd, confidence, spentUsd);
  if (!isWorthAt(0)) return 0;
  if (isWorthAt(1)) return 1;
  // The curve falls, so halving finds the place: to the last digit of a double in 60 steps.
  let low = 0;
  let high = 1;
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (isWorthAt(middle)) low = middle;
    else high = middle;
  }
  return high;
}
