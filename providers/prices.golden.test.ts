import { describe, expect, test } from 'vitest';
import { formatUsd } from '../core/money.ts';
import { costOf, priceAt, type Price } from '../core/price.ts';
import { priceForTier } from '../core/service-tier.ts';
import { catalogueBook } from './price-book.ts';
import { overrideBook, type PriceOverride } from './price-override.ts';
import { readUsage } from './usage.ts';

/** Costs by hand: the arithmetic is in the comments, in millionths of a dollar. Rates are USD per million tokens. */

const AT = new Date('2026-06-15T12:00:00Z');

function cost(
  book: readonly Price[] | null,
  usage: Record<string, unknown>,
  at = AT,
  tier: string | null = null,
) {
  const found = priceForTier(book!, at, tier);
  return formatUsd(costOf(readUsage({ usage })!, found!.price.rates));
}

describe('the list prices of 2026 in the catalogue', () => {
  test.each([
    ['anthropic', 'claude-opus-4-6', '5', '25'],
    ['anthropic', 'claude-haiku-4-5', '1', '5'],
    ['anthropic', 'claude-sonnet-4-6', '3', '15'],
    ['openai', 'gpt-5.2-pro', '21', '168'],
    ['openai', 'gpt-5-nano', '0.05', '0.4'],
  ])('%s %s is $%s and $%s', (vendor, model, input, output) => {
    expect(priceAt(catalogueBook(vendor, model)!, AT)!.rates).toMatchObject({ input, output });
  });

  // DeepSeek's list price for V3.2 is $0.28 and $0.42. The catalogue has $0.2288 and $0.3432 under deepseek-v3.2, without
  // a rate for the cache, and under deepseek-chat, the name in DeepSeek's own API, $0.27 and $1.1 with hours of discount. So a DeepSeek model needs a price in the settings; when this fails, the catalogue has caught up, and docs/prices.md
  // should no longer say so.
  test('DeepSeek V3.2 is not what DeepSeek charges', () => {
    expect(priceAt(catalogueBook('deepseek', 'deepseek-v3.2')!, AT)!.rates).toEqual({
      input: '0.2288',
      output: '0.3432',
    });
    expect(priceAt(catalogueBook('deepseek', 'deepseek-chat')!, AT)!.rates).toMatchObject({
      input: '0.27',
      output: '1.1',
    });
  });
});

describe('cached tokens', () => {
  const deepseek = overrideBook(
    { input_usd_per_mtok: 0.28, output_usd_per_mtok: 0.42, cached_input_usd_per_mtok: 0.028 },
    'escalier.yaml',
  );

  test('of DeepSeek cost a tenth', () => {
    // 200 × 0.28 + 800 × 0.028 + 100 × 0.42 = 56 + 22.4 + 42 = 120.4
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 100,
      total_tokens: 1100,
      prompt_cache_hit_tokens: 800,
      prompt_cache_miss_tokens: 200,
    };
    expect(cost(deepseek, usage)).toBe('0.0001204');
  });

  test('in Anthropic’s form stand beside input_tokens, and are counted once', () => {
    // 50 × 5 + 1800 × 0.5 + 248 × 6.25 + 503 × 25 = 250 + 900 + 1550 + 12575 = 15275
    const usage = {
      input_tokens: 50,
      cache_read_input_tokens: 1800,
      cache_creation_input_tokens: 248,
      output_tokens: 503,
    };
    expect(cost(catalogueBook('anthropic', 'claude-opus-4-6'), usage)).toBe('0.015275');
  });

  test('in OpenAI’s form are a part of prompt_tokens, and are counted once', () => {
    // (2098 − 1800 − 248) × 3 + 1800 × 0.3 + 248 × 3.75 + 503 × 15 = 150 + 540 + 930 + 7545 = 9165
    const usage = {
      prompt_tokens: 2098,
      completion_tokens: 503,
      total_tokens: 2601,
      prompt_tokens_details: { cached_tokens: 1800, cache_creation_tokens: 248 },
    };
    expect(cost(catalogueBook('anthropic', 'claude-sonnet-4-6'), usage)).toBe('0.009165');
  });
});

describe('reasoning tokens', () => {
  test('are a part of the output: neither priced alone nor added to it', () => {
    // 78 × 0.05 + 1408 × 0.005 + 651 × 0.4 = 3.9 + 7.04 + 260.4 = 271.34
    const nano = {
      prompt_tokens: 1486,
      completion_tokens: 651,
      total_tokens: 2137,
      prompt_tokens_details: { cached_tokens: 1408 },
      completion_tokens_details: { reasoning_tokens: 512 },
    };
    expect(cost(catalogueBook('openai', 'gpt-5-nano'), nano)).toBe('0.00027134');
    // 1000 × 21 + 1000 × 168 = 189000
    const pro = {
      prompt_tokens: 1000,
      completion_tokens: 1000,
      total_tokens: 2000,
      completion_tokens_details: { reasoning_tokens: 900 },
    };
    expect(cost(catalogueBook('openai', 'gpt-5.2-pro'), pro)).toBe('0.189');
    // 10000 × 1 + 2000 × 5 = 20000
    const haiku = {
      input_tokens: 10_000,
      output_tokens: 2000,
      output_tokens_details: { thinking_tokens: 1500 },
    };
    expect(cost(catalogueBook('anthropic', 'claude-haiku-4-5'), haiku)).toBe('0.02');
  });

  test('that the vendor leaves out of the completion are billed all the same', () => {
    // 758 × 0.3 + (1725 − 758) × 2.5 = 227.4 + 2417.5 = 2644.9
    const usage = { prompt_tokens: 758, completion_tokens: 102, total_tokens: 1725 };
    expect(cost(catalogueBook('google', 'gemini-2.5-flash'), usage)).toBe('0.0026449');
  });
});

describe('audio and image tokens', () => {
  test('audio has its own rate', () => {
    // 600 × 0.3 + 400 × 1 + 100 × 2.5 = 180 + 400 + 250 = 830
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 100,
      prompt_tokens_details: { audio_tokens: 400 },
    };
    expect(cost(catalogueBook('google', 'gemini-2.5-flash'), usage)).toBe('0.00083');
  });

  test('images have their own rate where the vendor has one', () => {
    // 300 × 5 + 700 × 10 + 200 × 40 = 1500 + 7000 + 8000 = 16500
    const read = {
      prompt_tokens: 1000,
      completion_tokens: 200,
      prompt_tokens_details: { image_tokens: 700 },
    };
    expect(cost(catalogueBook('openai', 'gpt-image-1'), read)).toBe('0.0165');
    // 100 × 0.3 + 1290 × 30 + 10 × 2.5 = 30 + 38700 + 25 = 38755
    const drawn = {
      prompt_tokens: 100,
      completion_tokens: 1300,
      completion_tokens_details: { image_tokens: 1290 },
    };
    expect(cost(catalogueBook('google', 'gemini-2.5-flash-image'), drawn)).toBe('0.038755');
  });

  test('images are input like any other where it has none', () => {
    // 1000 × 0.05 + 10 × 0.4 = 54
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 10,
      prompt_tokens_details: { image_tokens: 500 },
    };
    expect(cost(catalogueBook('openai', 'gpt-5-nano'), usage)).toBe('0.000054');
  });
});

describe('long contexts', () => {
  const usage = (prompt: number) => ({ prompt_tokens: prompt, completion_tokens: 1000 });

  test('cost more, all their tokens, until the vendor changed that', () => {
    const opus = catalogueBook('anthropic', 'claude-opus-4-6');
    const before = new Date('2026-03-12T23:59:59Z');
    // 200000 × 5 + 1000 × 25 = 1025000
    expect(cost(opus, usage(200_000), before)).toBe('1.025');
    // 200001 × 10 + 1000 × 37.5 = 2000010 + 37500 = 2037510
    expect(cost(opus, usage(200_001), before)).toBe('2.03751');
    // 200001 × 5 + 1000 × 25 = 1025005
    expect(cost(opus, usage(200_001), new Date('2026-03-13T00:00:00Z'))).toBe('1.025005');
  });

  test('can be written in the settings; a rate that a tier does not name stays', () => {
    const book = overrideBook(
      {
        input_usd_per_mtok: 3,
        output_usd_per_mtok: 15,
        cached_input_usd_per_mtok: 0.3,
        tiers: [
          { above_input_tokens: 200_000, input_usd_per_mtok: 6, output_usd_per_mtok: 22.5 },
          { above_input_tokens: 500_000, input_usd_per_mtok: 9 },
        ],
      },
      'escalier.yaml',
    );
    const cached = { ...usage(300_000), prompt_tokens_details: { cached_tokens: 100_000 } };
    // 200000 × 6 + 100000 × 0.3 + 1000 × 22.5 = 1200000 + 30000 + 22500 = 1252500
    expect(cost(book, cached)).toBe('1.2525');
    // 600000 × 9 + 1000 × 22.5 = 5422500
    expect(cost(book, usage(600_000))).toBe('5.4225');
  });
});

describe('service tiers and discounts in the settings', () => {
  const nano: PriceOverride = {
    input_usd_per_mtok: 0.05,
    output_usd_per_mtok: 0.4,
    service_tiers: {
      flex: { input_usd_per_mtok: 0.025, output_usd_per_mtok: 0.2 },
      priority: { input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.8 },
    },
  };
  const usage = { prompt_tokens: 1000, completion_tokens: 100 };

  test('a tier has its own rates', () => {
    const book = overrideBook(nano, 'escalier.yaml');
    // 1000 × 0.05 + 100 × 0.4 = 90; half of it for flex, twice for priority
    expect(cost(book, usage)).toBe('0.00009');
    expect(cost(book, usage, AT, 'flex')).toBe('0.000045');
    expect(cost(book, usage, AT, 'priority')).toBe('0.00018');
    // Batch has no row: bounded by the default's.
    expect(priceForTier(book, AT, 'batch')).toMatchObject({
      bound: 'ceiling',
      price: { rates: { input: '0.05' } },
    });
    expect(priceForTier(book, AT, 'scale')).toBeNull();
  });

  test('a discount for a month ends by itself', () => {
    const book = overrideBook(
      [nano, { input_usd_per_mtok: 0.01, output_usd_per_mtok: 0.1, from: '2026-06-01', until: '2026-07-01' }],
      'escalier.yaml',
    );
    const at = (text: string) => cost(book, usage, new Date(text));
    expect(at('2026-05-31T23:59:59.999Z')).toBe('0.00009');
    // 1000 × 0.01 + 100 × 0.1 = 20
    expect(at('2026-06-01T00:00:00Z')).toBe('0.00002');
    expect(at('2026-06-30T23:59:59.999Z')).toBe('0.00002');
    expect(at('2026-07-01T00:00:00Z')).toBe('0.00009');
  });

  test('a row without the new fields keeps its id, which histories and ledgers hold', () => {
    const [row] = overrideBook({ input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.4 }, 'escalier.yaml');
    expect(Object.keys(row!).sort()).toEqual(['daily', 'from', 'id', 'rates', 'source']);
    expect(row!.id).toBe('87c875c6ce524edd');
  });
});
