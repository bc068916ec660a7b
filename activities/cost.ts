import { parseUsd, type DecimalUsd } from '../core/money.ts';
import { costOf, unknownUsage, type Price } from '../core/price.ts';
import { exactly, type Spend } from '../core/spend.ts';
import type { CostSource } from '../ledger/attempts.ts';
import type { RequestFacts } from '../providers/provider.ts';

export interface Costed {
  readonly cost: Spend;
  readonly source: CostSource;
}

/**
 * What a request cost, by the best evidence there is: the provider's own figure; its usage at the price of the request's
 * time; nothing, where the request was refused or never left; else bounds. A usage without a price is unknown, not free.
 * @param worst the most that the request can have cost; null where nothing bounds it.
 */
export function costOfRequest(
  facts: Pick<RequestFacts, 'reportedCostUsd' | 'usage' | 'billed'>,
  price: Price | null,
  worst: DecimalUsd | null,
): Costed {
  if (facts.reportedCostUsd !== null)
    return { cost: exactly(parseUsd(facts.reportedCostUsd)), source: 'provider' };
  if (facts.usage !== null) {
    return price === null
      ? { cost: { low: 0n, high: null }, source: 'unknown' }
      : { cost: exactly(costOf(facts.usage, price.rates)), source: 'catalogue' };
  }
  if (facts.billed === 'no') return { cost: exactly(0n), source: 'estimate' };
  const bounds = unknownUsage(worst === null ? null : parseUsd(worst));
  return { cost: bounds, source: price === null ? 'unknown' : 'estimate' };
}
