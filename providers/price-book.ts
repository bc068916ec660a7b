import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { calcPrice, type ConditionalPrice, type ModelInfo, type ModelPrice } from '@pydantic/genai-prices';
import { formatUsd, numberToDecimal, parseUsd, type DecimalUsd } from '../core/money.ts';
import { priceRow } from '../core/price-row.ts';
import { ratePerMtok, type Price, type Rate, type Rates } from '../core/price.ts';
import { priceForTier } from '../core/service-tier.ts';

/**
 * The catalogue's price rows for a model, in the order that {@link Price} rows apply. The data is the package's own: no
 * network, and the same rows on every machine with the same version.
 *
 * @param priceProvider the vendor's id in the catalogue (`CATALOGUE[kind].priceProvider`).
 * @param modelId the id that the vendor knows the model by.
 * @returns null where the catalogue does not know the model, or has no price per token for it (transcription by the hour,
 *   OpenRouter's `:free` models, which it lists without any price): unknown is not zero.
 */
export function catalogueBook(priceProvider: string, modelId: string): readonly Price[] | null {
  const found = lookUp(priceProvider, modelId);
  if (found === null) return null;
  const source = `genai-prices ${catalogueVersion()} ${found.provider}/${found.model.id}`;
  const conditional = Array.isArray(found.model.prices)
    ? found.model.prices
    : [{ prices: found.model.prices }];
  const rows: Price[] = [];
  for (const row of withDefault(conditional)) {
    const rates = ratesOf(row.prices, found.model.id);
    if (rates === null) return null;
    rows.push(priceRow({ source, ...constraintOf(row), rates }));
  }
  return rows;
}

/** Input and output tokens that a model's context holds, where the catalogue knows. */
export function contextWindow(priceProvider: string, modelId: string): number | null {
  return lookUp(priceProvider, modelId)?.model.context_window ?? null;
}

function lookUp(providerId: string, modelId: string): { provider: string; model: ModelInfo } | null {
  // Pricing nothing is the package's only public way to find a model by its rules of matching.
  const found = calcPrice({ input_tokens: 0, output_tokens: 0 }, modelId, { providerId });
  return found === null ? null : { provider: found.provider.id, model: found.model };
}

/** Where every row has a condition, the catalogue falls back to its first. */
function withDefault(rows: readonly ConditionalPrice[]): readonly ConditionalPrice[] {
  const first = rows[0];
  return first?.constraint === undefined ? rows : [{ prices: first.prices }, ...rows];
}

function constraintOf({ constraint }: ConditionalPrice): Pick<Price, 'from' | 'daily'> {
  if (constraint === undefined) return { from: null, daily: null };
  if (constraint.type === 'start_date') {
    return { from: new Date(constraint.start_date).toISOString(), daily: null };
  }
  return { from: null, daily: { from: utcTime(constraint.start_time), to: utcTime(constraint.end_time) } };
}

/** `09:00:00+08:00` as `01:00:00`. The time's own day does not matter. */
function utcTime(time: string): string {
  const at = new Date(`2000-01-02T${time}`);
  if (Number.isNaN(at.getTime())) throw new RangeError(`the price catalogue has a time of day "${time}"`);
  return at.toISOString().slice(11, 19);
}

function ratesOf(prices: ModelPrice, modelId: string): Rates | null {
  const input = rateOf(prices['input_mtok']);
  // An embedding has no output to price. Any other model without a price for it would pass for free.
  const output = rateOf(prices['output_mtok']) ?? (modelId.includes('embed') ? '0' : null);
  if (input === null || output === null) return null;
  const requests = prices['requests_kcount'];
  const parts = {
    cachedInput: rateOf(prices['cache_read_mtok']),
    cacheWrite: rateOf(prices['cache_write_mtok']),
    inputAudio: rateOf(prices['input_audio_mtok']),
    outputAudio: rateOf(prices['output_audio_mtok']),
    inputImage: rateOf(prices['input_image_mtok']),
    outputImage: rateOf(prices['output_image_mtok']),
    reasoning: rateOf(prices['output_reasoning_mtok']),
    perThousandRequests: typeof requests === 'number' ? numberToDecimal(requests) : null,
  };
  return { input, output, ...Object.fromEntries(Object.entries(parts).filter(([, rate]) => rate !== null)) };
}

function rateOf(price: ModelPrice[string]): Rate | null {
  if (price === undefined) return null;
  if (typeof price === 'number') return numberToDecimal(price);
  const tiers = price.tiers.map(({ start, price: usd }) => ({
    above: start,
    usdPerMtok: numberToDecimal(usd),
  }));
  return { base: numberToDecimal(price.base), tiers };
}

let version: string | null = null;

/** The package does not export its manifest, so that is read beside its entry. */
function catalogueVersion(): string {
  if (version !== null) return version;
  const entry = createRequire(import.meta.url).resolve('@pydantic/genai-prices');
  const manifest: unknown = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8'));
  version = String((manifest as { version: unknown }).version);
  return version;
}

/** Tokens of a typical call: `cachedInput` is a part of `input`. Averages need not be whole. */
export interface TokenProfile {
  readonly input: number;
  readonly output: number;
  readonly cachedInput: number;
}

/** Averages are kept to a thousandth of a token. */
const PROFILE_SCALE = 1000;

/**
 * What a million tokens cost, input and output together, when they come in the profile's proportions: the figure that
 * orders a chain. Rounded once, half up, to a picodollar.
 *
 * @param serviceTier the tier that is asked for, as `serviceTierOf` names it.
 * @returns null where the book has no row for the instant and the tier, or the profile has no tokens.
 */
export function expectedUsdPerMtok(
  book: readonly Price[],
  at: Date,
  profile: TokenProfile,
  serviceTier: string | null = null,
): DecimalUsd | null {
  const row = priceForTier(book, at, serviceTier)?.price ?? null;
  const tokens = scaled(profile.input) + scaled(profile.output);
  if (row === null || tokens === 0n) return null;
  const { rates } = row;
  const cost = (count: number, rate: Rate): bigint => scaled(count) * ratePerMtok(rate, profile.input);
  const perRequest = parseUsd(rates.perThousandRequests ?? '0') * 1000n * BigInt(PROFILE_SCALE);
  const total =
    cost(Math.max(0, profile.input - profile.cachedInput), rates.input) +
    cost(Math.min(profile.cachedInput, profile.input), rates.cachedInput ?? rates.input) +
    cost(profile.output, rates.output) +
    perRequest;
  return formatUsd((total + tokens / 2n) / tokens);
}

function scaled(tokens: number): bigint {
  return BigInt(Math.round(tokens * PROFILE_SCALE));
}
