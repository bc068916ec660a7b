import { parseUsd, type DecimalUsd } from '../core/money.ts';
import { costOf, priceAt, unknownUsage, type Price } from '../core/price.ts';
import { priceForTier } from '../core/service-tier.ts';
import { exactly, type Spend } from '../core/spend.ts';
import type { CostSource } from '../ledger/attempts.ts';
import type { RequestFacts } from '../providers/provider.ts';

export interface Costed {
  readonly cost: Spend;
  readonly source: CostSource;
  /** The row that the figures come from; null for an unknown price. */
  readonly priceId: string | null;
}

/** By what a request may be billed. */
export interface Billing {
  /** The rows of the plan; null for an unknown price. */
  readonly prices: readonly Price[] | null;
  /** When the request left. */
  readonly at: Date;
  /** As `serviceTierOf` names it. */
  readonly serviceTier: string | null;
  /** The most that the request can have cost; null where nothing bounds it. */
  readonly worst: DecimalUsd | null;
  /** The rows of the model that the provider says it served, where that is another one with rows of its own; else null. */
  readonly servedPrices: readonly Price[] | null;
}

/**
 * What a request cost, by the best evidence there is: the provider's own figure; its usage at the price of the request's
 * time and tier; nothing, where the request was refused or never left; else bounds. A usage without a price is unknown, not
 * free.
 *
 * A tier below the default that has no row is bounded by the default's price. Where another model was served than was asked
 * for, and both have rows, nobody but the vendor knows which it bills: the two costs are the bounds.
 */
export function costOfRequest(
  facts: Pick<RequestFacts, 'reportedCostUsd' | 'usage' | 'billed'>,
  { prices, at, serviceTier, worst, servedPrices }: Billing,
): Costed {
  const found = priceForTier(prices ?? [], at, serviceTier);
  const priceId = found?.price.id ?? null;
  if (facts.reportedCostUsd !== null)
    return { cost: exactly(parseUsd(facts.reportedCostUsd)), source: 'provider', priceId };
  if (facts.usage !== null) {
    if (found === null) return { cost: { low: 0n, high: null }, source: 'unknown', priceId };
    const asked = costOf(facts.usage, found.price.rates);
    if (found.bound === 'ceiling') return { cost: { low: 0n, high: asked }, source: 'estimate', priceId };
    const other = priceAt(servedPrices ?? [], at, serviceTier);
    const served = other === null ? asked : costOf(facts.usage, other.rates);
    if (served === asked) return { cost: exactly(asked), source: 'catalogue', priceId };
    const cost = asked < served ? { low: asked, high: served } : { low: served, high: asked };
    return { cost, source: 'estimate', priceId };
  }
  if (facts.billed === 'no') return { cost: exactly(0n), source: 'estimate', priceId };
  const bounds = unknownUsage(worst === null ? null : parseUsd(worst));
  return { cost: bounds, source: found === null ? 'unknown' : 'estimate', priceId };
}
