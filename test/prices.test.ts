import { describe, expect, test } from 'vitest';
import { formatUsd, parseUsd } from '../core/money.ts';
import type { Price } from '../core/price.ts';
import { priceRow } from '../core/price-row.ts';
import type { Spend } from '../core/spend.ts';
import { NO_USAGE } from '../core/usage.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { keepPriceBook, priceBooksAsOf } from '../ledger/price-books.ts';
import { reprice } from '../ledger/reprice.ts';
import { overrideBook } from '../providers/price-override.ts';
import { attempted, opened, started, storedPolicy, usd } from './support/ledger.ts';
import { answered, modelOf, policyOf, useWorld } from './support/world.ts';

const world = useWorld();

const row = (input: string, output: string, change: Partial<Price> = {}): Price =>
  priceRow({ source: 'test', from: null, daily: null, rates: { input, output }, ...change });

async function now(): Promise<Date> {
  const { rows } = await world.database.pool.query<{ now: Date }>(
    // Rounded up to the millisecond that a Date can hold.
    `select date_trunc('milliseconds', clock_timestamp()) + interval '1 ms' as now`,
  );
  return rows[0]!.now;
}

async function booksOf(modelId: string, asOf: Date) {
  return (await priceBooksAsOf(world.database.pool, asOf)).filter((book) => book.modelId === modelId);
}

describe('the dated book', () => {
  test('is appended when the list changes, and known as of an instant', async () => {
    const { pool } = world.database;
    const model = { provider: 'vendor', modelId: 'dated' };
    const first = overrideBook(
      [
        {
          input_usd_per_mtok: 1,
          output_usd_per_mtok: 2,
          tiers: [{ above_input_tokens: 10, input_usd_per_mtok: 3 }],
          service_tiers: { flex: { input_usd_per_mtok: 0.5, output_usd_per_mtok: 1 } },
        },
        { input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.2, from: '2026-06-01', until: '2026-07-01' },
      ],
      'escalier.yaml',
    );
    const before = new Date(0);
    await Promise.all([1, 2, 3, 4].map(() => keepPriceBook(pool, model, first)));
    await keepPriceBook(pool, model, first);
    const afterFirst = await now();
    const second = [row('7', '8'), ...first];
    await new Promise((resolve) => setTimeout(resolve, 5));
    await keepPriceBook(pool, model, second);
    const afterSecond = await now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await keepPriceBook(pool, model, null);

    const { rows } = await pool.query('select 1 from price_books where model_id = $1', ['dated']);
    expect(rows).toHaveLength(3);
    expect(await booksOf('dated', before)).toEqual([]);
    // The rows come back as they were, in their order.
    expect(await booksOf('dated', afterFirst)).toMatchObject([
      { ...model, prices: first, source: 'escalier.yaml' },
    ]);
    expect((await booksOf('dated', afterFirst))[0]!.prices).toStrictEqual(first);
    expect((await booksOf('dated', afterSecond))[0]!.prices).toEqual(second);
    expect(await booksOf('dated', await now())).toMatchObject([{ prices: [], source: null }]);
  });
});

describe('an attempt', () => {
  test('is billed by the tier that its response reports, and its plan is in the book', async () => {
    const standard = row('1', '2');
    const flex = row('0.5', '1', { serviceTier: 'flex' });
    const price = [standard, flex];
    const asked = { price, parameters: { service_tier: 'flex' } };
    await world.apply(
      policyOf('tiers', { chain: [modelOf('tiered', standard, asked), modelOf('last', row('9', '9'))] }),
    );
    const ask = async (serviceTier: string | null) => {
      world.vendor = () => ({ ...answered('42'), serviceTier });
      const { queryId } = await world.ask('tiers');
      const { rows } = await world.database.pool.query<Record<string, unknown>>(
        `select service_tier, price_id, cost_usd::float8 as cost, input_image_tokens::int as images
         from attempts where query_id = $1 and model = 'tiered'`,
        [queryId],
      );
      return rows[0];
    };
    // 100 tokens in and 10 out: 100 × 0.5 + 10 × 1 = 60 millionths, or 120 at the default.
    expect(await ask(null)).toEqual({ service_tier: 'flex', price_id: flex.id, cost: 0.00006, images: 0 });
    expect(await ask('default')).toEqual({
      service_tier: null,
      price_id: standard.id,
      cost: 0.00012,
      images: 0,
    });
    expect(await ask('priority')).toEqual({
      service_tier: 'priority',
      price_id: null,
      cost: null,
      images: 0,
    });
    expect(await booksOf('tiered', await now())).toMatchObject([{ prices: price }]);
  });
});

describe('repricing', () => {
  const text = ({ low, high }: Spend) =>
    low === high ? formatUsd(low) : `${formatUsd(low)} to ${high === null ? 'unknown' : formatUsd(high)}`;

  test('prices each attempt by its own model, time and tier, keeps apart what it cannot, and changes nothing', async () => {
    const { pool } = world.database;
    const task = 'history';
    await applyPolicies(pool, [storedPolicy(task)]);
    const query = await started(pool, task);
    let ordinal = 0;
    const add = (modelId: string, close: Parameters<typeof attempted>[3]) =>
      attempted(pool, query, { task, model: modelId, modelId, ordinal: ordinal++ }, close);
    const usage = { ...NO_USAGE, inputTokens: 1_000_000, outputTokens: 0 };
    await add('small', { usage, cost: usd('1') });
    await add('small', { usage, cost: usd('1'), serviceTier: 'flex' });
    await add('small', { usage, cost: { low: 0n, high: null }, costSource: 'unknown' });
    await add('small', { usage, cost: usd('5'), costSource: 'provider' });
    await add('small', { usage: null, cost: { low: 0n, high: parseUsd('2') }, costSource: 'estimate' });
    await add('small', { usage, cost: { low: 1n, high: 2n }, costSource: 'estimate' });
    await add('small', { usage, cost: usd('1'), serviceTier: 'priority' });
    await add('large', { usage, cost: usd('10') });
    await add('gone', { usage, cost: usd('3') });
    await opened(pool, query, { task, model: 'small', modelId: 'small', ordinal: ordinal++ });

    const contents = async () => {
      const { rows } = await pool.query<{ sum: string }>(
        `select md5(string_agg(a::text, '|' order by attempt_id)) as sum from attempts a`,
      );
      return rows[0]!.sum;
    };
    const before = await contents();
    const book = new Map([
      ['small', [row('2', '2'), row('99', '99', { from: '2999-01-01T00:00:00Z' })]],
      ['large', [row('8', '8')]],
    ]);
    const repricings = await reprice(pool, { task }, ({ modelId }) => book.get(modelId) ?? null);
    expect(
      repricings.map(({ model, attempts, billed, repriced, kept }) => ({
        model,
        attempts,
        billed: text(billed),
        repriced: text(repriced),
        kept: Object.entries(kept).map(([reason, own]) => `${reason} ${own.attempts} ${text(own.billed)}`),
      })),
    ).toEqual([
      { model: 'gone', attempts: 0, billed: '0', repriced: '0', kept: ['no-price 1 3'] },
      { model: 'large', attempts: 1, billed: '10', repriced: '8', kept: [] },
      {
        model: 'small',
        // The first, the flex one (bounded by the default's price), and the one that had no price before.
        attempts: 3,
        billed: '2 to unknown',
        repriced: '4 to 6',
        kept: [
          'provider-figure 1 5',
          'no-usage 1 0 to 2',
          'other-model 1 0.000000000001 to 0.000000000002',
          'no-price 1 1',
          'open 1 0 to 1',
        ].map((line) => expect.stringContaining(line.split(' ')[0]!) as string),
      },
    ]);
    const small = repricings[2]!.kept;
    expect(small['provider-figure']).toEqual({ attempts: 1, billed: usd('5') });
    expect(small['other-model']).toEqual({ attempts: 1, billed: { low: 1n, high: 2n } });
    expect(await contents()).toBe(before);
    expect(await reprice(pool, { task, since: '2999-01-01' }, () => null)).toEqual([]);
  });
});
