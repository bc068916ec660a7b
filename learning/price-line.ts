import type { SpentLine } from '../core/stop-rule.ts';
import { mean } from './baselines/outcomes.ts';

/**
 * How the price of the next call goes with what a query has spent before it: a line by least squares. Its slope is 0 or more,
 * since to have spent more makes no call cheaper, and at most what makes the price proportional to what was spent: a steeper
 * line would have calls below some spend cost less than nothing, which only a few very dear calls can say.
 * @param spent up to the step, and @param next the next call's cost, both in USD by query; equally many, at least one.
 */
export function priceLine(spent: Float64Array, next: Float64Array): SpentLine {
  const meanUsd = mean(spent);
  const priceUsd = mean(next);
  let together = 0;
  let alone = 0;
  for (let at = 0; at < spent.length; at++) {
    together += (spent[at]! - meanUsd) * (next[at]! - priceUsd);
    alone += (spent[at]! - meanUsd) ** 2;
  }
  const slope = alone === 0 ? 0 : Math.min(priceUsd / meanUsd, together / alone);
  return { meanUsd, slope: Math.max(0, slope) };
}
