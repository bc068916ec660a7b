import type { Picodollars } from './money.ts';
import { parseUsd } from './money.ts';
import { priceAt, ratePerMtok, type Price, type Rate } from './price.ts';
import { NOTHING, type Spend } from './spend.ts';

/** Queries of one UTC day whose input lies between two edges, and that did not call the baseline's model. */
export interface BaselineBucket {
  /** A UTC date such as `2026-11-01`. */
  readonly day: string;
  /** Each query's input has more tokens than this; 0 also holds queries without any. */
  readonly inputOver: number;
  /** And at most this many; null for no limit. */
  readonly inputUpTo: number | null;
  readonly queries: number;
  /** Of all queries together. */
  readonly inputTokens: bigint;
}

const MILLION = 1_000_000n;

/**
 * What a bucket of queries would have cost on a model that they did not call: the low bound is their input, uncached, with
 * no output at all; the high bound has as much output as a request may put out, visible or reasoning, whichever is dearer.
 * Where several rates can apply (a tier's edge inside the bucket, a price that changes within the day) the lowest and the
 * highest are taken, so bounds stay bounds; else the input is priced exactly. Two things they cannot know: the model's
 * tokenizer may count the same input differently, and its vendor may have had part of it cached.
 *
 * @param book price rows as {@link priceAt} reads them; null or empty where the price is unknown.
 * @param maxOutputTokens of one request; null where nothing limits it: there is no upper bound then.
 */
export function baselineBounds(
  bucket: BaselineBucket,
  book: readonly Price[] | null,
  maxOutputTokens: number | null,
): Spend {
  if (bucket.queries === 0) return NOTHING;
  const prices = pricesOfDay(book ?? [], bucket.day);
  if (prices === null) return { low: 0n, high: null };
  let low: Picodollars | null = null;
  let high: Picodollars = 0n;
  const queries = BigInt(bucket.queries);
  for (const { rates } of prices) {
    const input = ratesIn(bucket, [rates.input]);
    const output = ratesIn(bucket, [rates.output, rates.reasoning ?? rates.output]);
    const request = queries * parseUsd(rates.perThousandRequests ?? '0');
    const least = sum(bucket.inputTokens * min(input), request, queries);
    const most = sum(
      bucket.inputTokens * max(input) + queries * BigInt(maxOutputTokens ?? 0) * max(output),
      request,
      queries,
    );
    if (low === null || least.low < low) low = least.low;
    if (most.high > high) high = most.high;
  }
  return { low: low ?? 0n, high: maxOutputTokens === null ? null : high };
}

/**
 * Each query's cost is rounded by itself, by at most half a picodollar for its tokens and as much for the request. Where the
 * sum comes out whole no query was rounded, for rates of at most six decimals.
 */
function sum(
  millionths: bigint,
  thousandths: bigint,
  queries: bigint,
): { low: Picodollars; high: Picodollars } {
  const whole = millionths % MILLION === 0n && thousandths % 1000n === 0n;
  const amount = millionths / MILLION + thousandths / 1000n;
  if (whole) return { low: amount, high: amount };
  return { low: amount > queries ? amount - queries : 0n, high: amount + queries + 2n };
}

/** The rows that hold at some instant of a UTC day; null where none does at one. */
function pricesOfDay(book: readonly Price[], day: string): Set<Price> | null {
  const start = new Date(`${day}T00:00:00Z`);
  const end = new Date(start.getTime() + 86_400_000);
  const changes = [start];
  for (const { from, until, daily } of book) {
    if (from !== null) changes.push(new Date(from));
    if (until !== undefined) changes.push(new Date(until));
    if (daily !== null) for (const time of [daily.from, daily.to]) changes.push(new Date(`${day}T${time}Z`));
  }
  const prices = new Set<Price>();
  // Between two changes the same row holds.
  for (const at of changes) {
    if (at < start || at >= end) continue;
    const price = priceAt(book, at);
    if (price === null) return null;
    prices.add(price);
  }
  return prices;
}

/** Every rate, in picodollars per million tokens, that a request with an input of this bucket can have. */
function ratesIn({ inputOver, inputUpTo }: BaselineBucket, rates: readonly Rate[]): bigint[] {
  return rates.flatMap((rate) => {
    const edges = typeof rate === 'string' ? [] : rate.tiers.map(({ above }) => above);
    const inside = edges.filter((above) => above > inputOver && (inputUpTo === null || above < inputUpTo));
    const smallest = inputOver === 0 ? [0, 1] : [inputOver + 1];
    return [...smallest, ...inside.map((above) => above + 1)].map((tokens) => ratePerMtok(rate, tokens));
  });
}

function min(values: readonly bigint[]): bigint {
  return values.reduce((least, value) => (value < least ? value : least));
}

function max(values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most));
}
