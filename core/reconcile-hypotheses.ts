import { formatUsd, parseUsd, type Picodollars } from './money.ts';
import { costOf, ratePerMtok, type Rates } from './price.ts';
import type { InvoiceCell, LedgerGroup, Part } from './reconcile-cell.ts';
import type { Usage } from './usage.ts';

export type HypothesisKind =
  | 'without-bound'
  | 'bounds'
  | 'another-price'
  | 'cached-as-uncached'
  | 'missing-requests'
  | 'unbilled-requests'
  | 'changed-price';

export interface Hypothesis {
  readonly kind: HypothesisKind;
  readonly text: string;
  /** What it would make of the difference. They meet where it is a single amount. */
  readonly low: Picodollars;
  readonly high: Picodollars | null;
  readonly closes: boolean;
  readonly requests: number;
  readonly samples: readonly string[];
}

/** @returns those that close first. */
export function hypothesesOf(
  invoice: InvoiceCell | null,
  groups: readonly LedgerGroup[],
  difference: Picodollars,
): Hypothesis[] {
  const found = [
    ...uncertain(groups),
    ...otherPrices(groups),
    ...cachedAsUncached(groups),
    ...requestCounts(invoice, groups),
  ].map((one) => ({ ...one, closes: closes(one, difference) }));
  if (!found.some((one) => one.closes)) found.push(...changedPrice(invoice, groups, difference));
  return found.sort((a, b) => Number(b.closes) - Number(a.closes));
}

type Open = Omit<Hypothesis, 'closes'>;

function closes({ low, high }: Pick<Hypothesis, 'low' | 'high'>, difference: Picodollars): boolean {
  const slack = magnitude(difference) / 20n;
  return difference >= low - slack && (high === null || difference <= high + slack);
}

/** Attempts whose cost nobody knows: orphans, timeouts, models without a price. */
function* uncertain(groups: readonly LedgerGroup[]): Generator<Open> {
  const unbounded = merged(groups.map((group) => group.unbounded));
  if (unbounded.requests > 0) {
    yield {
      ...unbounded,
      kind: 'without-bound',
      text: `${unbounded.requests} attempts have no price or no limit on their output: they can cost anything`,
      high: null,
    };
  }
  const bounded = merged(groups.map((group) => group.bounded));
  if (bounded.requests > 0) {
    yield {
      ...bounded,
      kind: 'bounds',
      text: `${bounded.requests} attempts have bounds only (lost, timed out or cancelled): the vendor billed them or not`,
      high: sum(groups.map((group) => group.bounded.high)),
    };
  }
}

/** Every attempt of the day at one of the day's prices. */
function* otherPrices(groups: readonly LedgerGroup[]): Generator<Open> {
  const prices = new Map(
    groups.flatMap(({ priceId, rates }) => (priceId === null || rates === null ? [] : [[priceId, rates]])),
  );
  if (prices.size < 2) return;
  for (const [priceId, rates] of prices) {
    const others = groups.filter((group) => group.priceId !== null && group.priceId !== priceId);
    const amount = sum(others.map((group) => costOfGroup(group, rates) - group.known));
    const { requests, samples } = merged(others);
    yield {
      kind: 'another-price',
      text: `${requests} attempts were priced by ${[...new Set(others.map((group) => group.priceId))].join(', ')}: billed at ${priceId} like the rest of the day`,
      low: amount,
      high: amount,
      requests,
      samples,
    };
  }
}

function* cachedAsUncached(groups: readonly LedgerGroup[]): Generator<Open> {
  const priced = groups.filter((group) => group.rates !== null && group.usage.cachedInputTokens > 0);
  const amount = sum(
    priced.map((group) => {
      const rates = group.rates as Rates;
      const uncached = costOfGroup(group, { ...rates, cachedInput: rates.input });
      return uncached - costOfGroup(group, rates);
    }),
  );
  if (amount === 0n) return;
  const { requests, samples } = merged(priced.map((group) => group.cached));
  yield {
    kind: 'cached-as-uncached',
    text: `${total(priced, (group) => group.usage.cachedInputTokens)} cached input tokens of ${requests} attempts billed at the full rate`,
    low: amount,
    high: amount,
    requests,
    samples,
  };
}

function* requestCounts(invoice: InvoiceCell | null, groups: readonly LedgerGroup[]): Generator<Open> {
  const requests = total(groups, (group) => group.requests);
  const unusable = merged(groups.map((group) => group.unusable));
  const missing =
    invoice?.requests === undefined || invoice.requests === null ? 0 : invoice.requests - requests;
  if (invoice !== null && missing > 0) {
    const { amount, how } = missingCost(invoice, groups, missing);
    yield {
      kind: 'missing-requests',
      text: `the invoice has ${missing} more requests than the ledger (${how}): another program uses the same key, or rows were lost`,
      low: amount,
      high: amount,
      requests: missing,
      samples: [],
    };
  }
  if (unusable.low > 0n) {
    yield {
      kind: 'unbilled-requests',
      text: `${unusable.requests} attempts without a usable response have a cost here: the vendor did not bill them`,
      low: -unusable.low,
      high: -unusable.low,
      requests: unusable.requests,
      samples: unusable.samples,
    };
  }
}

/** By the tokens that the invoice has more, where it has any; else at the mean of the ledger's. */
function missingCost(
  invoice: InvoiceCell,
  groups: readonly LedgerGroup[],
  missing: number,
): { amount: Picodollars; how: string } {
  const usual = [...groups].sort((a, b) => b.requests - a.requests).find((group) => group.rates !== null);
  const { inputTokens, outputTokens } = invoice;
  if (usual?.rates && inputTokens !== null && outputTokens !== null) {
    const more = (invoiced: number, of: (usage: Usage) => number): number =>
      Math.max(0, invoiced - total(groups, (group) => of(group.usage)));
    const usage = {
      ...usual.usage,
      inputTokens: more(inputTokens, (own) => own.inputTokens),
      cachedInputTokens: more(invoice.cachedInputTokens ?? 0, (own) => own.cachedInputTokens),
      outputTokens: more(outputTokens, (own) => own.outputTokens),
      cacheWriteTokens: 0,
      inputAudioTokens: 0,
      reasoningTokens: 0,
      outputAudioTokens: 0,
      inputImageTokens: 0,
      outputImageTokens: 0,
    };
    const amount = costOfGroup({ usage, requests: missing, largestInput: usual.largestInput }, usual.rates);
    return { amount, how: `their tokens at price ${usual.priceId ?? ''}` };
  }
  const requests = total(groups, (group) => group.requests);
  const known = sum(groups.map((group) => group.known));
  return {
    amount: requests === 0 ? invoice.amount : (known * BigInt(missing)) / BigInt(requests),
    how: requests === 0 ? 'it has none of this day and model' : 'at the mean cost of those that it has',
  };
}

/** What remains when requests and tokens agree: the same requests at another price. */
function* changedPrice(
  invoice: InvoiceCell | null,
  groups: readonly LedgerGroup[],
  difference: Picodollars,
): Generator<Hypothesis> {
  const known = sum(groups.map((group) => group.known));
  if (invoice === null || known === 0n) return;
  const agrees = (invoiced: number | null, own: number): boolean => invoiced === null || invoiced === own;
  if (
    !agrees(
      invoice.requests,
      total(groups, (group) => group.requests),
    )
  )
    return;
  if (
    !agrees(
      invoice.inputTokens,
      total(groups, (group) => group.usage.inputTokens),
    )
  )
    return;
  if (
    !agrees(
      invoice.outputTokens,
      total(groups, (group) => group.usage.outputTokens),
    )
  )
    return;
  const { requests, samples } = merged(groups);
  yield {
    kind: 'changed-price',
    text: `as if the price of every attempt were ${factorText(invoice.amount, known)} times that of the ledger's book`,
    low: difference,
    high: difference,
    closes: true,
    requests,
    samples,
  };
}

/** A ratio of two amounts with four decimals. */
export function factorText(amount: Picodollars, by: Picodollars): string {
  return formatUsd(((amount * 20_000n + by) / (by * 2n)) * 100_000_000n);
}

/** Linear in the tokens, so sums are priced as their parts are, but for a rounding of half a picodollar a request. */
function costOfGroup(
  { usage, requests, largestInput }: Pick<LedgerGroup, 'usage' | 'requests' | 'largestInput'>,
  { perThousandRequests, ...rates }: Rates,
): Picodollars {
  const flat = Object.fromEntries(
    Object.entries(rates).map(([kind, rate]) => [kind, formatUsd(ratePerMtok(rate, largestInput))]),
  ) as unknown as Rates;
  const perRequest =
    perThousandRequests === undefined ? 0n : (parseUsd(perThousandRequests) * BigInt(requests)) / 1000n;
  return costOf(usage, flat) + perRequest;
}

function merged(parts: readonly { requests: number; low: Picodollars; samples: readonly string[] }[]): Part {
  return {
    requests: total(parts, (part) => part.requests),
    low: sum(parts.map((part) => part.low)),
    samples: parts.flatMap((part) => part.samples).slice(0, 3),
  };
}

export function sum(amounts: readonly Picodollars[]): Picodollars {
  return amounts.reduce((all, amount) => all + amount, 0n);
}

export function total<T>(parts: readonly T[], of: (part: T) => number): number {
  return parts.reduce((all, part) => all + of(part), 0);
}

export function magnitude(amount: Picodollars): Picodollars {
  return amount < 0n ? -amount : amount;
}
