import type { Json } from './policy.ts';
import { priceAt, type Price } from './price.ts';

/**
 * Names of the tier that a vendor's list price is for. `auto` (OpenAI, Anthropic) lets the vendor choose and is told apart by
 * the response; `on_demand` is Groq's name for it; `standard_only` is how Anthropic is asked for it.
 */
const DEFAULT_NAMES: ReadonlySet<string> = new Set([
  'auto',
  'default',
  'standard',
  'standard_only',
  'on_demand',
]);

/** Tiers that vendors sell below the default price, for an answer that may be late: the default price bounds them. */
const CHEAPER: ReadonlySet<string> = new Set(['flex', 'batch']);

/**
 * The tier that a request is billed at; null for the default. The response's own word beats the request's: a vendor may
 * serve `flex` or `priority` at the default tier, and bills what it served.
 * @param reported `service_tier` of the response; null where it says none.
 * @param requested the parameter `service_tier`.
 */
export function serviceTierOf(reported: string | null, requested: Json | undefined): string | null {
  const tier = reported ?? (typeof requested === 'string' ? requested : null);
  return tier === null || DEFAULT_NAMES.has(tier) ? null : tier;
}

export interface TierPrice {
  readonly price: Price;
  /** `exact`: the tier's own row. `ceiling`: the default tier's, which the tier costs at most. */
  readonly bound: 'exact' | 'ceiling';
}

/**
 * The row that an instant and a tier are billed by. Without a row of its own, a cheaper tier is bounded by the default's;
 * any other (`priority`, `scale`, one not heard of) has no price: the default's would be a wrong one. Null where none applies.
 */
export function priceForTier(book: readonly Price[], at: Date, tier: string | null): TierPrice | null {
  const own = priceAt(book, at, tier);
  if (own !== null) return { price: own, bound: 'exact' };
  if (tier === null || !CHEAPER.has(tier)) return null;
  const fallback = priceAt(book, at);
  return fallback === null ? null : { price: fallback, bound: 'ceiling' };
}

/**
 * The rows that a request from an instant on can be billed by, for its worst case; null where it may be billed by none.
 *
 * - No tier asked for, or `auto`: the vendor chooses (OpenAI by the project's setting, Anthropic takes `priority` where it
 *   was bought), so every tier of the book can apply.
 * - The default by name: its rows alone.
 * - Another tier: its rows and the default's, since vendors fall back to the default under load.
 */
export function rowsThatCanApply(
  book: readonly Price[],
  since: Date,
  requested: Json | undefined,
): readonly Price[] | null {
  const current = book.filter((row, index) => !isOver(row, since, book.slice(index + 1)));
  if (typeof requested !== 'string' || requested === 'auto') return current;
  const tier = serviceTierOf(null, requested);
  const rows = current.filter((row) => row.serviceTier === undefined || row.serviceTier === tier);
  const priced = tier === null || CHEAPER.has(tier) || rows.some((row) => row.serviceTier === tier);
  return priced ? rows : null;
}

/** Whether a row's time has passed, or a later row has taken its place for good. */
function isOver(row: Price, since: Date, later: readonly Price[]): boolean {
  if (row.until !== undefined && new Date(row.until) <= since) return true;
  return later.some(
    ({ from, until, daily, serviceTier }) =>
      serviceTier === row.serviceTier &&
      until === undefined &&
      daily === null &&
      (from === null || new Date(from) <= since),
  );
}
