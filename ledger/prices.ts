import type { Price } from '../core/price.ts';
import type { Queryable } from './database.ts';

/** Keeps price rows that attempts may refer to. A row that is known already stays as it is. */
export async function keepPrices(
  db: Queryable,
  model: { provider: string; modelId: string },
  prices: readonly Price[],
): Promise<void> {
  for (const price of prices) {
    await db.query({
      name: 'keep-price',
      text: `insert into prices (price_id, provider, model_id, source, valid_from, daily_from, daily_to, rates,
               valid_until, service_tier)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (price_id) do nothing`,
      values: [
        price.id,
        model.provider,
        model.modelId,
        price.source,
        price.from,
        price.daily?.from ?? null,
        price.daily?.to ?? null,
        JSON.stringify(price.rates),
        price.until ?? null,
        price.serviceTier ?? null,
      ],
    });
  }
}
