import { CliError, EXIT } from '../exit.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { instant } from '../instant.ts';
import { rangeOf, type RangeOptions } from '../range-option.ts';
import { readSettings } from '../settings-option.ts';
import { differenceOf, showRepricing } from '../reprice-text.ts';
import type { Price } from '../../core/price.ts';
import { formatUsd } from '../../core/money.ts';
import { spendToJson } from '../../core/spend.ts';
import { priceBooksAsOf, type PricedModel } from '../../ledger/price-books.ts';
import { reprice, type Repricing } from '../../ledger/reprice.ts';
import type pg from 'pg';

export interface RepriceOptions extends RangeOptions {
  /** The ledger's own book as it was known at this date. */
  readonly asOf?: string;
  /** Or the prices of a settings file, hypothetical ones for example. */
  readonly settings?: string;
  readonly scorers?: string;
}

/** What the ledger's history would have cost under another price book. */
export async function repriceCommand(context: Context, options: RepriceOptions): Promise<void> {
  const range = rangeOf(options);
  const readBook = bookReader(options);
  await withDatabase(context, async (pool) => {
    const book = await readBook(pool);
    const repricings = await reprice(
      pool,
      range,
      ({ provider, modelId }) => book.get(keyOf({ provider, modelId })) ?? null,
    );
    if (context.json) context.out(JSON.stringify({ models: repricings.map(toJson) }));
    else if (repricings.length === 0) context.out('No request has been made yet in this range.');
    else context.out(showRepricing(repricings));
  });
}

type Book = ReadonlyMap<string, readonly Price[]>;

function bookReader({ asOf, settings, scorers }: RepriceOptions): (pool: pg.Pool) => Promise<Book> {
  if ((asOf === undefined) === (settings === undefined)) {
    throw new CliError(
      'reprice needs one price book: --as-of <date> for the prices that the ledger knew then, or --settings <file> for those of a settings file',
      EXIT.usage,
    );
  }
  if (asOf !== undefined) {
    const at = instant(asOf, '--as-of');
    return async (pool) => {
      const books = await priceBooksAsOf(pool, at);
      return new Map(books.map((book) => [keyOf(book), book.prices]));
    };
  }
  return async () => {
    const source = { settings: settings ?? '', ...(scorers !== undefined && { scorers }) };
    // As a worker reads it: prices that turn a chain's order round are no reason to refuse a question.
    const { models } = (await readSettings(source, 'serve')).settings;
    return new Map(
      [...models.values()].map(({ raw, modelId, book }) => [
        keyOf({ provider: raw.provider, modelId }),
        book ?? [],
      ]),
    );
  };
}

function keyOf({ provider, modelId }: PricedModel): string {
  return JSON.stringify([provider, modelId]);
}

function toJson(repricing: Repricing): unknown {
  const { low, high } = differenceOf(repricing);
  return {
    task: repricing.task,
    model: repricing.model,
    attempts: repricing.attempts,
    billed: spendToJson(repricing.billed),
    repriced: spendToJson(repricing.repriced),
    difference: {
      lowUsd: low === null ? null : formatUsd(low),
      highUsd: high === null ? null : formatUsd(high),
    },
    kept: Object.fromEntries(
      Object.entries(repricing.kept).map(([reason, { attempts, billed }]) => [
        reason,
        { attempts, billed: spendToJson(billed) },
      ]),
    ),
  };
}
