import { parseUsd, type DecimalUsd, type Picodollars } from '../core/money.ts';
import type { JsonObject } from '../core/policy.ts';
import { costOf, leastCost, type Price } from '../core/price.ts';
import { exactly, type Spend } from '../core/spend.ts';
import type { CostSource } from '../ledger/attempts.ts';
import type { RequestFacts } from '../providers/provider.ts';
import { inputTokenFloor, textTokenFloor } from '../providers/token-floor.ts';

export interface Costed {
  readonly cost: Spend;
  readonly source: CostSource;
}

/** What a request was, as far as its cost depends on it. */
export interface Asked {
  readonly messages: readonly JsonObject[];
  readonly parameters: JsonObject;
  /** The price at the request's time; null where none is known. */
  readonly price: Price | null;
  /** The most that it can have cost; null where nothing bounds it. */
  readonly worstCaseUsd: DecimalUsd | null;
}

/**
 * What a request cost, by the best evidence there is: the provider's own figure; its whole usage at the price of the
 * request's time; nothing, where the request was refused or never left; else bounds. The high bound is the worst case.
 * The low one is nothing, unless the response proves that the request was taken: then it is the least that what was sent
 * and what came back can have cost. A usage without a price is unknown, not free.
 */
export function costOfRequest(
  facts: Pick<RequestFacts, 'reportedCostUsd' | 'usage' | 'usageIsPartial' | 'taken' | 'billed'>,
  asked: Asked,
): Costed {
  const { price } = asked;
  if (facts.reportedCostUsd !== null)
    return { cost: exactly(parseUsd(facts.reportedCostUsd)), source: 'provider' };
  if (facts.usage !== null && !facts.usageIsPartial) {
    return price === null
      ? { cost: { low: 0n, high: null }, source: 'unknown' }
      : { cost: exactly(costOf(facts.usage, price.rates)), source: 'catalogue' };
  }
  if (facts.billed === 'no') return { cost: exactly(0n), source: 'estimate' };
  const high = asked.worstCaseUsd === null ? null : parseUsd(asked.worstCaseUsd);
  const least = price === null ? 0n : leastOf(facts, asked, price);
  // Whatever a vendor says, the bounds stay in order: the ledger takes no others, and a row must close.
  const low = high !== null && high < least ? high : least;
  return { cost: { low, high }, source: price === null ? 'unknown' : 'estimate' };
}

function leastOf(
  { usage, taken }: Pick<RequestFacts, 'usage' | 'taken'>,
  { messages, parameters }: Asked,
  { rates }: Price,
): Picodollars {
  if (usage !== null) return costOf(usage, rates);
  if (taken === null) return 0n;
  return leastCost(rates, inputTokenFloor(messages, parameters), textTokenFloor(taken.text));
}
