import { displayUsd, formatUsd, parseUsd, type DecimalUsd, type Picodollars } from './money.ts';

/**
 * What something cost, as bounds: `low <= truth <= high`. The bounds meet where the cost is known. `high` is null where
 * nothing bounds it (an unknown price, or no limit on the output); a sum with such a term has no upper bound either.
 */
export interface Spend {
  readonly low: Picodollars;
  readonly high: Picodollars | null;
}

/** {@link Spend} in JSON. `costUsd` is the exact cost where it is known, else null: never zero for unknown. */
export interface SpendJson {
  readonly costUsd: DecimalUsd | null;
  readonly costLowUsd: DecimalUsd;
  readonly costHighUsd: DecimalUsd | null;
}

export const NOTHING: Spend = { low: 0n, high: 0n };

export function exactly(amount: Picodollars): Spend {
  return { low: amount, high: amount };
}

export function addSpend(a: Spend, b: Spend): Spend {
  return { low: a.low + b.low, high: a.high === null || b.high === null ? null : a.high + b.high };
}

export function sumSpend(parts: Iterable<Spend>): Spend {
  let total = NOTHING;
  for (const part of parts) total = addSpend(total, part);
  return total;
}

/** The cost where the bounds meet, else null. */
export function knownCost(spend: Spend): Picodollars | null {
  return spend.low === spend.high ? spend.low : null;
}

export function spendToJson(spend: Spend): SpendJson {
  const known = knownCost(spend);
  return {
    costUsd: known === null ? null : formatUsd(known),
    costLowUsd: formatUsd(spend.low),
    costHighUsd: spend.high === null ? null : formatUsd(spend.high),
  };
}

export function spendFromJson(json: Pick<SpendJson, 'costLowUsd' | 'costHighUsd'>): Spend {
  return {
    low: parseUsd(json.costLowUsd),
    high: json.costHighUsd === null ? null : parseUsd(json.costHighUsd),
  };
}

/** For people: `$0.12`, or the bounds: `$0.10 to $0.14`, `at least $0.10`. */
export function displaySpend(spend: Spend): string {
  const known = knownCost(spend);
  if (known !== null) return displayUsd(known);
  const low = displayUsd(spend.low);
  return spend.high === null ? `at least ${low}` : `${low} to ${displayUsd(spend.high)}`;
}
