import type { Picodollars } from './money.ts';

/**
 * USD as a number, for statistics and for what is expected of money: a mean needs no more than a double. Amounts that are
 * billed, or held against a limit, stay exact.
 */
export function usdOf(amount: Picodollars): number {
  return Number(amount) * 1e-12;
}
