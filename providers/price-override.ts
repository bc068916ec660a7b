import { formatUsd, numberToDecimal, parseUsd, type DecimalUsd } from '../core/money.ts';
import { priceRow } from '../core/price-row.ts';
import type { Price, Rate, Rates } from '../core/price.ts';

type Usd = number | string;

/** Dollars per million tokens, as numbers or decimal strings, by the names that the settings use. */
export interface RateOverrides {
  readonly input_usd_per_mtok: Usd;
  readonly output_usd_per_mtok: Usd;
  /** Default: the input's. The same holds for the other parts of the input, and for those of the output. */
  readonly cached_input_usd_per_mtok?: Usd | undefined;
  readonly cache_write_usd_per_mtok?: Usd | undefined;
  readonly input_audio_usd_per_mtok?: Usd | undefined;
  readonly output_audio_usd_per_mtok?: Usd | undefined;
  readonly input_image_usd_per_mtok?: Usd | undefined;
  readonly output_image_usd_per_mtok?: Usd | undefined;
  readonly reasoning_usd_per_mtok?: Usd | undefined;
}

/** Rates of requests with more input tokens than `above_input_tokens`: all their tokens. A rate not named stays as below. */
export type TierOverride = { readonly [Field in keyof RateOverrides]?: Usd | undefined } & {
  readonly above_input_tokens: number;
};

interface TieredOverride extends RateOverrides {
  /** Dollars per thousand requests, whatever their tokens. */
  readonly usd_per_thousand_requests?: Usd | undefined;
  readonly tiers?: readonly TierOverride[] | undefined;
}

/** A model's price as it is written in the settings. */
export interface PriceOverride extends TieredOverride {
  /** ISO date or instant (UTC), inclusive. Default: always. */
  readonly from?: string | undefined;
  /** ISO date or instant (UTC), exclusive. Default: without end. */
  readonly until?: string | undefined;
  /** What the vendor's other tiers cost (`flex`, `batch`, `priority`). */
  readonly service_tiers?: Readonly<Record<string, TieredOverride>> | undefined;
}

const FIELDS = {
  input: 'input_usd_per_mtok',
  output: 'output_usd_per_mtok',
  cachedInput: 'cached_input_usd_per_mtok',
  cacheWrite: 'cache_write_usd_per_mtok',
  inputAudio: 'input_audio_usd_per_mtok',
  outputAudio: 'output_audio_usd_per_mtok',
  inputImage: 'input_image_usd_per_mtok',
  outputImage: 'output_image_usd_per_mtok',
  reasoning: 'reasoning_usd_per_mtok',
} as const satisfies Record<Exclude<keyof Rates, 'perThousandRequests'>, keyof RateOverrides>;

/**
 * The settings' price as a book: its rows in the order in which they are written, each with its service tiers.
 * @param source where the figures come from, e.g. `escalier.yaml`.
 * @throws {RangeError} when a figure is negative, no decimal number, or finer than 10⁻¹² dollars; it names the field.
 */
export function overrideBook(
  override: PriceOverride | readonly PriceOverride[],
  source: string,
): readonly Price[] {
  const rows: readonly PriceOverride[] = isList(override) ? override : [override];
  return rows.flatMap((row) => {
    const time = {
      from: row.from === undefined ? null : instant(row.from),
      ...(row.until !== undefined && { until: instant(row.until) }),
      daily: null,
    };
    const tiers = Object.entries(row.service_tiers ?? {});
    return [
      priceRow({ source, ...time, rates: ratesOf(row) }),
      ...tiers.map(([serviceTier, own]) => priceRow({ source, ...time, serviceTier, rates: ratesOf(own) })),
    ];
  });
}

function isList(value: PriceOverride | readonly PriceOverride[]): value is readonly PriceOverride[] {
  return Array.isArray(value);
}

function instant(text: string): string {
  return new Date(text).toISOString();
}

function ratesOf(override: TieredOverride): Rates {
  const parts: [string, Rate][] = [];
  for (const [part, field] of Object.entries(FIELDS)) {
    const rate = rateOf(override, field);
    if (rate !== null) parts.push([part, rate]);
  }
  const requests = override.usd_per_thousand_requests;
  return {
    input: usdIn('input_usd_per_mtok', override.input_usd_per_mtok),
    output: usdIn('output_usd_per_mtok', override.output_usd_per_mtok),
    ...Object.fromEntries(parts),
    ...(requests !== undefined && {
      perThousandRequests: usdIn('usd_per_thousand_requests', requests),
    }),
  };
}

/** Each rate has only the tiers that change it; a tier without the rate leaves it at the one below. */
function rateOf(override: TieredOverride, field: keyof RateOverrides): Rate | null {
  const base = override[field];
  if (base === undefined) return null;
  const tiers = (override.tiers ?? []).flatMap(({ above_input_tokens: above, ...tier }) => {
    const value = tier[field];
    return value === undefined ? [] : [{ above, usdPerMtok: usdIn(field, value) }];
  });
  return tiers.length === 0 ? usdIn(field, base) : { base: usdIn(field, base), tiers };
}

function usdIn(field: string, value: Usd): DecimalUsd {
  try {
    const amount = parseUsd(typeof value === 'number' ? numberToDecimal(value) : value);
    // Written out again, so that 0.10 and 0.1 are the same price with the same id.
    if (amount >= 0n) return formatUsd(amount);
  } catch (error) {
    throw new RangeError(`${field}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  throw new RangeError(`${field}: ${value} is negative; a price is at least 0`);
}
