import { canonicalJson } from './canonical-json.ts';
import type { PolicyModel } from './policy.ts';
import type { Price } from './price.ts';
import { sha256 } from './request-hash.ts';

/**
 * A row of the price book with its id: the first 16 hexadecimal digits of the SHA-256 of its canonical JSON. A field that
 * does not apply is left out, never null or undefined: the ids of rows in old histories and ledgers depend on it.
 */
export function priceRow(row: Omit<Price, 'id'>): Price {
  return { id: sha256(canonicalJson(row)).slice(0, 16), ...row };
}

/**
 * The price rows that a model's calls are billed by: its own, else the catalogue's; null where its price is unknown.
 * @param catalogue the rows of the model's vendor, or null where it has none.
 */
export function pricesOf(
  { price, modelId }: Pick<PolicyModel, 'price' | 'modelId'>,
  catalogue: (modelId: string) => readonly Price[] | null,
): readonly Price[] | null {
  if (price === 'unknown') return null;
  return price ?? catalogue(modelId);
}
