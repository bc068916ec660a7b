import { parseUsd, type DecimalUsd, type Picodollars } from './money.ts';
import type { Usage } from './usage.ts';

/**
 * USD per million tokens, as a decimal string. With tiers, the highest tier whose `above` is less than the request's
 * total input tokens prices *all* its tokens (a cliff, as vendors bill long contexts), output included.
 */
export type Rate = DecimalUsd | { readonly base: DecimalUsd; readonly tiers: readonly RateTier[] };

export interface RateTier {
  /** The tier applies to requests with more input tokens than this. */
  readonly above: number;
  readonly usdPerMtok: DecimalUsd;
}

/** Prices per kind of token. A part without a rate of its own is billed at its total's rate. */
export interface Rates {
  readonly input: Rate;
  readonly output: Rate;
  readonly cachedInput?: Rate;
  readonly cacheWrite?: Rate;
  readonly inputAudio?: Rate;
  readonly outputAudio?: Rate;
  readonly inputImage?: Rate;
  readonly outputImage?: Rate;
  readonly reasoning?: Rate;
  /** USD per thousand requests, whatever their tokens. */
  readonly perThousandRequests?: DecimalUsd;
}

/** One row of the price book: what a model costs, and when that holds. */
export interface Price {
  /** Content hash of the row: the same price is the same id on every machine. */
  readonly id: string;
  /** Where the figures come from, e.g. `genai-prices 0.1.8 openai/gpt-4o-mini` or `escalier.yaml`. */
  readonly source: string;
  /** Holds from this instant (ISO 8601), or always. */
  readonly from: string | null;
  /** Holds until this instant (ISO 8601), exclusive; without it, without end. A discount for a time has both. */
  readonly until?: string;
  /** The vendor's service tier that it is the price of (`flex`, `batch`, `priority`); without it, the default tier. */
  readonly serviceTier?: string;
  /** Holds at these times of day (UTC, `HH:MM:SS`, `from` included, `to` excluded; may wrap midnight; equal ones are the whole day), or all day. */
  readonly daily: { readonly from: string; readonly to: string } | null;
  readonly rates: Rates;
}

/**
 * The row valid at an instant. Rows are ordered: the last one that applies wins. Null where none does.
 * @param serviceTier the tier whose own rows count; null for the default tier.
 */
export function priceAt(book: readonly Price[], at: Date, serviceTier: string | null = null): Price | null {
  const time = at.toISOString().slice(11, 19);
  for (let i = book.length - 1; i >= 0; i--) {
    const row = book[i] as Price;
    if ((row.serviceTier ?? null) !== serviceTier) continue;
    if (row.from !== null && at < new Date(row.from)) continue;
    if (row.until !== undefined && at >= new Date(row.until)) continue;
    if (row.daily !== null && !withinDay(row.daily, time)) continue;
    return row;
  }
  return null;
}

function withinDay(daily: { from: string; to: string }, time: string): boolean {
  const afterStart = time >= daily.from;
  const beforeEnd = time < daily.to;
  return daily.from < daily.to ? afterStart && beforeEnd : afterStart || beforeEnd;
}

const MILLION = 1_000_000n;

/**
 * The exact cost of a usage: parts are priced as such, the rest of each total at the total's rate, and the sum is rounded
 * once, half up, to a picodollar. Audio and images are taken as disjoint from cache and reasoning as far as the total has
 * room for both; beyond that they must overlap (cached audio), and the overlap is priced once, by the other part's rate. So
 * every token is priced exactly once, which {@link worstCase} depends on.
 */
export function costOf(usage: Usage, rates: Rates): Picodollars {
  const perMtok = (rate: Rate): bigint => ratePerMtok(rate, usage.inputTokens);
  const part = (tokens: number, rate: Rate): bigint => BigInt(tokens) * perMtok(rate);
  const uncachedInput = Math.max(0, usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens);
  const inputAudio = Math.min(usage.inputAudioTokens, uncachedInput);
  const inputImage = Math.min(usage.inputImageTokens, uncachedInput - inputAudio);
  const visibleOutput = Math.max(0, usage.outputTokens - usage.reasoningTokens);
  const outputAudio = Math.min(usage.outputAudioTokens, visibleOutput);
  const outputImage = Math.min(usage.outputImageTokens, visibleOutput - outputAudio);
  const millionths =
    part(uncachedInput - inputAudio - inputImage, rates.input) +
    part(usage.cachedInputTokens, rates.cachedInput ?? rates.input) +
    part(usage.cacheWriteTokens, rates.cacheWrite ?? rates.input) +
    part(inputAudio, rates.inputAudio ?? rates.input) +
    part(inputImage, rates.inputImage ?? rates.input) +
    part(visibleOutput - outputAudio - outputImage, rates.output) +
    part(usage.reasoningTokens, rates.reasoning ?? rates.output) +
    part(outputAudio, rates.outputAudio ?? rates.output) +
    part(outputImage, rates.outputImage ?? rates.output);
  return divideHalfUp(millionths, MILLION) + perRequest(rates);
}

/**
 * The most that a request can cost: every input token at the dearest input rate, every output token at the dearest output
 * rate, over every tier and every row of the book. Null where a bound on the tokens, or the price, is not known.
 */
export function worstCase(
  book: readonly Price[] | null,
  inputTokens: number | null,
  outputTokens: number | null,
): Picodollars | null {
  if (book === null || book.length === 0 || inputTokens === null || outputTokens === null) return null;
  let worst = 0n;
  for (const { rates } of book) {
    const input = dearest([
      rates.input,
      rates.cachedInput,
      rates.cacheWrite,
      rates.inputAudio,
      rates.inputImage,
    ]);
    const output = dearest([rates.output, rates.reasoning, rates.outputAudio, rates.outputImage]);
    const cost =
      divideHalfUp(BigInt(inputTokens) * input + BigInt(outputTokens) * output, MILLION) + perRequest(rates);
    if (cost > worst) worst = cost;
  }
  return worst;
}

/**
 * The least that a request with at least so many tokens costs: every input token at the cheapest input rate (mostly that of
 * a cache hit), every output token at the cheapest output rate, over every tier. Rounded down.
 */
export function leastCost(rates: Rates, inputTokens: number, outputTokens: number): Picodollars {
  const input = lowest(
    ratesIn([rates.input, rates.cachedInput, rates.cacheWrite, rates.inputAudio, rates.inputImage]),
  );
  const output = lowest(ratesIn([rates.output, rates.reasoning, rates.outputAudio, rates.outputImage]));
  return (BigInt(inputTokens) * input + BigInt(outputTokens) * output) / MILLION + perRequest(rates);
}

/** USD per million tokens, in picodollars, for a request of so many input tokens. */
export function ratePerMtok(rate: Rate, inputTokens: number): Picodollars {
  if (typeof rate === 'string') return parseUsd(rate);
  let current = rate.base;
  for (const tier of [...rate.tiers].sort((a, b) => a.above - b.above)) {
    if (inputTokens > tier.above) current = tier.usdPerMtok;
  }
  return parseUsd(current);
}

/** Every rate there is, over all tiers, in picodollars per million tokens. */
function ratesIn(rates: readonly (Rate | undefined)[]): bigint[] {
  return rates.flatMap((rate) => {
    if (rate === undefined) return [];
    const all = typeof rate === 'string' ? [rate] : [rate.base, ...rate.tiers.map((tier) => tier.usdPerMtok)];
    return all.map(parseUsd);
  });
}

function dearest(rates: readonly (Rate | undefined)[]): bigint {
  return ratesIn(rates).reduce((top, rate) => (rate > top ? rate : top), 0n);
}

function lowest(rates: readonly bigint[]): bigint {
  return rates.reduce((least, rate) => (rate < least ? rate : least));
}

function perRequest(rates: Rates): bigint {
  return rates.perThousandRequests === undefined
    ? 0n
    : divideHalfUp(parseUsd(rates.perThousandRequests), 1000n);
}

function divideHalfUp(value: bigint, by: bigint): bigint {
  return (value + by / 2n) / by;
}
