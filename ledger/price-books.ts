import type pg from 'pg';
import type { Price, Rates } from '../core/price.ts';
import { inTransaction, type Queryable } from './database.ts';
import { keepPrices } from './prices.ts';

/** A model by what its price depends on: who is asked, for which id. */
export interface PricedModel {
  readonly provider: string;
  readonly modelId: string;
}

/** What was known of a model's price from an instant on. */
export interface PriceBook extends PricedModel {
  readonly knownFrom: Date;
  readonly source: string | null;
  /** In the order in which they apply; empty where no price was known. */
  readonly prices: readonly Price[];
}

/**
 * Keeps what is known of a model's price now, with its rows: an entry is appended when the list differs from the model's
 * latest one. Under a lock on the model, so that processes that start together append one entry.
 * @param prices in the order in which they apply; null or empty where no price is known.
 */
export async function keepPriceBook(
  pool: pg.Pool,
  model: PricedModel,
  prices: readonly Price[] | null,
): Promise<void> {
  const rows = prices ?? [];
  await inTransaction(pool, async (db) => {
    await lockBook(db, model);
    await keepPrices(db, model, rows);
    await appendBook(db, model, rows);
  });
}

async function lockBook(db: Queryable, { provider, modelId }: PricedModel): Promise<void> {
  await db.query({
    name: 'lock-price-book',
    text: `select pg_advisory_xact_lock(hashtextextended($1, 0))`,
    values: [`escalier.price-book ${JSON.stringify([provider, modelId])}`],
  });
}

async function appendBook(db: Queryable, model: PricedModel, prices: readonly Price[]): Promise<void> {
  await db.query({
    name: 'append-price-book',
    text: `insert into price_books (provider, model_id, price_ids, source)
           select $1, $2, $3::text[], $4
           where $3::text[] is distinct from (
             select price_ids from price_books where provider = $1 and model_id = $2 order by known_from desc limit 1)`,
    values: [model.provider, model.modelId, prices.map(({ id }) => id), prices.at(-1)?.source ?? null],
  });
}

interface BookRow {
  readonly provider: string;
  readonly model_id: string;
  readonly known_from: Date;
  readonly book_source: string | null;
  readonly price_id: string | null;
  readonly source: string;
  readonly valid_from: Date | null;
  readonly valid_until: Date | null;
  readonly daily_from: string | null;
  readonly daily_to: string | null;
  readonly service_tier: string | null;
  readonly rates: Rates;
}

/**
 * The book as it was known at an instant: each model's latest entry by then, by provider and model id. A model that the
 * ledger had not seen by then is not in it.
 */
export async function priceBooksAsOf(db: Queryable, asOf: Date): Promise<PriceBook[]> {
  const { rows } = await db.query<BookRow>({
    name: 'price-books-as-of',
    text: `select b.provider, b.model_id, b.known_from, b.source as book_source, p.price_id, p.source, p.valid_from,
             p.valid_until, p.daily_from::text, p.daily_to::text, p.service_tier, p.rates
           from (select distinct on (provider, model_id) * from price_books where known_from <= $1
                 order by provider, model_id, known_from desc) b
           left join lateral unnest(b.price_ids) with ordinality as listed (price_id, place) on true
           left join prices p on p.price_id = listed.price_id
           order by b.provider, b.model_id, listed.place`,
    values: [asOf],
  });
  const books = new Map<string, PriceBook & { prices: Price[] }>();
  for (const row of rows) {
    const key = JSON.stringify([row.provider, row.model_id]);
    const { provider, model_id: modelId, known_from: knownFrom, book_source: source } = row;
    const book = books.get(key) ?? { provider, modelId, knownFrom, source, prices: [] };
    books.set(key, book);
    if (row.price_id !== null) book.prices.push(priceOf(row, row.price_id));
  }
  return [...books.values()];
}

function priceOf(row: BookRow, id: string): Price {
  return {
    id,
    source: row.source,
    from: row.valid_from?.toISOString() ?? null,
    daily:
      row.daily_from === null || row.daily_to === null ? null : { from: row.daily_from, to: row.daily_to },
    ...(row.valid_until !== null && { until: row.valid_until.toISOString() }),
    ...(row.service_tier !== null && { serviceTier: row.service_tier }),
    rates: row.rates,
  };
}
