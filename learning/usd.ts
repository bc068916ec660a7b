import type { Picodollars } from '../core/money.ts';

/** USD as a number, for statistics: a mean needs no more than a double. Amounts that are billed stay exact. */
export function usdOf(amount: Picodollars): number {
  return Number(amount) * 1e-12;
}
