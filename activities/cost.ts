import { parseUsd, type DecimalUsd, type Picodollars } from '../core/money.ts';
import type { JsonObject } from '../core/policy.ts';
import { costOf, leastCost, priceAt, type Price, type Rates } from '../core/price.ts';
import { priceForTier } from '../core/service-tier.ts';
import { exactly, type Spend } from '../core/spend.ts';
import type { CostSource } from '../ledger/close-attempt.ts';
import type { RequestFacts } from '../providers/provider.ts';
import { inputTokenFloor, textTokenFloor } from '../providers/token-floor.ts';

export interface Costed {
  readonly cost: Spend;
  readonly source: CostSource;
  /** The row that the figures come from; null for an unknown price. */
  readonly priceId: string | null;
}

/** What a request was, and by what it may be billed. */
export interface Billing {
  readonly messages: readonly JsonObject[];
  readonly parameters: JsonObject;
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

type Facts = Pick<RequestFacts, 'reportedCostUsd' | 'usage' | 'usageIsPartial' | 'taken' | 'billed'>;

/**
 * What a request cost, by the best evidence there is: the provider's own figure; its whole usage at the price of the
 * request's time and tier; nothing, where the request was refused or never left; else bounds. The high bound is the worst
 * case. The low one is nothing, unless the response proves that the request was taken: then it is the least that what was
 * sent and what came back can have cost. A usage without a price is unknown, not free.
 *
 * A tier below the default that has no row is bounded by the default's price. Where another model was served than was asked
 * for, and both have rows, nobody but the vendor knows which it bills: the two costs are the bounds.
 */
export function costOfRequest(facts: Facts, billing: Billing): Costed {
  const { prices, at, serviceTier, worst, servedPrices } = billing;
  const found = priceForTier(prices ?? [], at, serviceTier);
  const priceId = found?.price.id ?? null;
  if (facts.reportedCostUsd !== null)
    return { cost: exactly(parseUsd(facts.reportedCostUsd)), source: 'provider', priceId };
  const whole = facts.usageIsPartial ? null : facts.usage;
  if (whole === null && facts.billed === 'no') return { cost: exactly(0n), source: 'estimate', priceId };
  if (found === null) {
    const high = whole !== null || worst === null ? null : parseUsd(worst);
    return { cost: { low: 0n, high }, source: 'unknown', priceId };
  }
  const other = priceAt(servedPrices ?? [], at, serviceTier)?.rates ?? found.price.rates;
  const candidates = [found.price.rates, other];
  if (whole !== null) {
    const costs = candidates.map((rates) => costOf(whole, rates));
    const [low, high] = [least(costs), most(costs)];
    if (found.bound === 'ceiling') return { cost: { low: 0n, high }, source: 'estimate', priceId };
    return { cost: { low, high }, source: low === high ? 'catalogue' : 'estimate', priceId };
  }
  const high = worst === null ? null : parseUsd(worst);
  const certain =
    found.bound === 'ceiling' ? 0n : least(candidates.map((rates) => leastOf(facts, billing, rates)));
  // Whatever a vendor says, the bounds stay in order: the ledger takes no others, and a row must close.
  const low = high !== null && high < certain ? high : certain;
  return { cost: { low, high }, source: 'estimate', priceId };
}

function leastOf({ usage, taken }: Facts, { messages, parameters }: Billing, rates: Rates): Picodollars {
  if (usage !== null) return costOf(usage, rates);
  if (taken === null) return 0n;
  return leastCost(rates, inputTokenFloor(messages, parameters), textTokenFloor(taken.text));
}

function least(amounts: readonly Picodollars[]): Picodollars {
  return amounts.reduce((lowest, amount) => (amount < lowest ? amount : lowest));
}

function most(amounts: readonly Picodollars[]): Picodollars {
  return amounts.reduce((highest, amount) => (amount > highest ? amount : highest));
}
