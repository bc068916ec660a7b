import type { Price, Rate, Rates } from '../../core/price.ts';
import { priceBooksAsOf, type PriceBook } from '../../ledger/price-books.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { table } from '../output.ts';
import { instant } from '../instant.ts';

export interface PricesOptions {
  /** The provider's id of a model. */
  readonly model?: string;
  readonly asOf?: string;
}

/** The price book as the ledger knows it, or knew it. */
export async function pricesCommand(context: Context, options: PricesOptions): Promise<void> {
  const asOf = options.asOf === undefined ? null : instant(options.asOf, '--as-of');
  await withDatabase(context, async (pool) => {
    const all = await priceBooksAsOf(pool, asOf ?? new Date());
    const books = all.filter(({ modelId }) => options.model === undefined || modelId === options.model);
    if (context.json) context.out(JSON.stringify({ books }));
    else if (books.length > 0) context.out(showBooks(books));
    else {
      const ofModel = options.model === undefined ? '' : ` of "${options.model}"`;
      context.out(
        `No price${ofModel} was known${asOf === null ? ' yet' : ` at ${asOf.toISOString()}`}: "escalier apply" and workers write down what the settings and the catalogue say.`,
      );
    }
  });
}

function showBooks(books: readonly PriceBook[]): string {
  return table(
    ['provider', 'model', 'known from', 'valid', 'tier', 'USD per million tokens', 'source'],
    books.flatMap(({ provider, modelId, knownFrom, prices }) => {
      const head = [provider, modelId, minute(knownFrom.toISOString())];
      if (prices.length === 0) return [[...head, '', '', 'unknown', '']];
      return prices.map((price) => [
        ...head,
        validity(price),
        price.serviceTier ?? '',
        showRates(price.rates),
        price.source,
      ]);
    }),
  );
}

function validity({ from, until, daily }: Price): string {
  const parts = [
    from === null ? '' : `from ${minute(from)}`,
    until === undefined ? '' : `until ${minute(until)}`,
    daily === null ? '' : `daily ${daily.from} to ${daily.to} UTC`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'always' : parts.join(' ');
}

const NAMES: Readonly<Record<keyof Rates, string>> = {
  input: 'input',
  output: 'output',
  cachedInput: 'cached',
  cacheWrite: 'cache write',
  inputAudio: 'audio in',
  outputAudio: 'audio out',
  inputImage: 'image in',
  outputImage: 'image out',
  reasoning: 'reasoning',
  perThousandRequests: 'per 1000 requests',
};

function showRates(rates: Rates): string {
  return Object.entries(NAMES)
    .flatMap(([part, name]) => {
      const rate = rates[part as keyof Rates];
      return rate === undefined ? [] : [`${name} ${showRate(rate)}`];
    })
    .join(', ');
}

function showRate(rate: Rate): string {
  if (typeof rate === 'string') return rate;
  const tiers = rate.tiers.map(({ above, usdPerMtok }) => `${usdPerMtok} above ${above} input tokens`);
  return `${rate.base} (${tiers.join(', ')})`;
}

function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
