import type { SpentLine } from '../core/stop-rule.ts';

/** Beyond this quantile, and below its mirror, an amount counts as the quantile: a few very dear calls would decide the slope. */
const TAIL = 0.95;

/**
 * How the price of the next call goes with what a query has spent before it: a line by least squares through both means, its
 * slope from amounts winsorised at their quantiles of 5% and 95%, since costs have heavy tails. Never below 0: to have spent
 * more does not make the next call cheaper.
 * @param spent up to the step, and @param next the next call's cost, both in USD by query; equally many, at least one.
 */
export function priceLine(spent: Float64Array, next: Float64Array): SpentLine {
  const x = winsorised(spent);
  const y = winsorised(next);
  const middleX = meanOf(x);
  const middleY = meanOf(y);
  let together = 0;
  let alone = 0;
  for (let at = 0; at < x.length; at++) {
    together += (x[at]! - middleX) * (y[at]! - middleY);
    alone += (x[at]! - middleX) ** 2;
  }
  return { meanUsd: meanOf(spent), slope: alone === 0 ? 0 : Math.max(0, together / alone) };
}

function winsorised(values: Float64Array): Float64Array {
  const ascending = values.slice().sort();
  const place = Math.floor(TAIL * (values.length - 1));
  const high = ascending[place]!;
  const low = ascending[values.length - 1 - place]!;
  return values.map((value) => Math.min(high, Math.max(low, value)));
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
