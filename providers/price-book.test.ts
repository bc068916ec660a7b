import { calcPrice, findProvider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costOf, priceAt, type Price } from '../core/price.ts';
import { NO_USAGE, type Usage } from '../core/usage.ts';
import { CATALOGUE, type ProviderFacts } from './catalogue.ts';
import { catalogueBook, contextWindow, expectedUsdPerMtok } from './price-book.ts';
import { overrideBook } from './price-override.ts';

const AT = new Date('2026-02-03T10:00:00Z');

const providers = Object.values(CATALOGUE as Record<string, ProviderFacts>).flatMap(
  ({ priceProvider }) => priceProvider ?? [],
);
/** Every model of the catalogue with a book. */
const models = providers.flatMap((provider) =>
  findProvider({ providerId: provider })!.models.flatMap(({ id }) => {
    const book = catalogueBook(provider, id);
    return book === null ? [] : [{ provider, id, book }];
  }),
);

const usage = fc
  .record({
    plain: fc.nat(300_000),
    cached: fc.nat(50_000),
    written: fc.nat(50_000),
    inputAudio: fc.nat(1000),
    inputImage: fc.nat(1000),
    output: fc.nat(50_000),
    reasoning: fc.nat(50_000),
    outputAudio: fc.nat(1000),
    outputImage: fc.nat(1000),
  })
  .map((parts): Usage => ({
    inputTokens: parts.plain + parts.cached + parts.written + parts.inputAudio + parts.inputImage,
    cachedInputTokens: parts.cached,
    cacheWriteTokens: parts.written,
    inputAudioTokens: parts.inputAudio,
    inputImageTokens: parts.inputImage,
    outputTokens: parts.output + parts.reasoning + parts.outputAudio + parts.outputImage,
    reasoningTokens: parts.reasoning,
    outputAudioTokens: parts.outputAudio,
    outputImageTokens: parts.outputImage,
  }));

/** The parts that could overlap are said to be disjoint, as ours are. */
function theirs(of: Usage): Record<string, number> {
  return {
    input_tokens: of.inputTokens,
    cache_read_tokens: of.cachedInputTokens,
    cache_write_tokens: of.cacheWriteTokens,
    input_audio_tokens: of.inputAudioTokens,
    input_image_tokens: of.inputImageTokens,
    cache_image_read_tokens: 0,
    output_tokens: of.outputTokens,
    output_reasoning_tokens: of.reasoningTokens,
    output_audio_tokens: of.outputAudioTokens,
    output_image_tokens: of.outputImageTokens,
    cache_audio_read_tokens: 0,
    cache_audio_write_tokens: 0,
    output_audio_reasoning_tokens: 0,
  };
}

describe('the catalogue', () => {
  test('prices a usage as its own package does, at any time', () => {
    expect(models.length).toBeGreaterThan(500);
    const instant = fc.date({
      min: new Date('2025-01-01'),
      max: new Date('2027-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fc.constantFrom(...models), usage, instant, (model, used, timestamp) => {
        const expected = calcPrice(theirs(used), model.id, { providerId: model.provider, timestamp })!;
        const cost = Number(costOf(used, priceAt(model.book, timestamp)!.rates)) / 1e12;
        expect(Math.abs(cost - expected.total_price)).toBeLessThanOrEqual(
          1e-9 * expected.total_price + 1e-12,
        );
      }),
      { numRuns: 3000 },
    );
  });

  test('prices every model with conditions or tiers so, on both sides of each', () => {
    const conditional = models.filter(
      ({ book }) => book.length > 1 || typeof book[0]!.rates.input !== 'string',
    );
    expect(conditional.length).toBeGreaterThan(30);
    const instants = (book: readonly Price[]) =>
      book.flatMap(({ from, daily }) => [
        ...(from === null ? [] : [new Date(from), new Date(Date.parse(from) - 1)]),
        ...(daily === null
          ? []
          : [daily.from, daily.to].flatMap((time) => [
              new Date(`2026-02-03T${time}Z`),
              new Date(Date.parse(`2026-02-03T${time}Z`) - 1000),
            ])),
      ]);
    for (const { provider, id, book } of conditional) {
      for (const timestamp of [AT, ...instants(book)]) {
        for (const inputTokens of [1000, 127_999, 128_001, 200_000, 200_001, 272_001]) {
          const used = { ...NO_USAGE, inputTokens, cachedInputTokens: 500, outputTokens: 2000 };
          const expected = calcPrice(theirs(used), id, { providerId: provider, timestamp })!.total_price;
          const cost = Number(costOf(used, priceAt(book, timestamp)!.rates)) / 1e12;
          expect(cost, `${provider}/${id} at ${timestamp.toISOString()}`).toBeCloseTo(expected, 9);
        }
      }
    }
  });

  test('gives rows that say where they come from, with ids made of their content', () => {
    const book = catalogueBook('openai', 'gpt-4o-mini')!;
    expect(book).toHaveLength(1);
    expect(book[0]).toMatchObject({
      from: null,
      daily: null,
      rates: { input: '0.15', output: '0.6', cachedInput: '0.075' },
    });
    expect(book[0]!.source).toMatch(/^genai-prices \d+\.\d+\.\d+ openai\/gpt-4o-mini$/);
    expect(book[0]!.id).toMatch(/^[0-9a-f]{16}$/);
    expect(catalogueBook('openai', 'gpt-4o-mini')).toEqual(book);
    expect(catalogueBook('openai', 'gpt-4o')![0]!.id).not.toBe(book[0]!.id);
  });

  test('knows a dated model, and Azure’s through its vendor', () => {
    expect(catalogueBook('openai', 'gpt-4o-mini-2024-07-18')![0]!.rates.input).toBe('0.15');
    expect(catalogueBook('azure', 'gpt-4o-mini')).not.toBeNull();
  });

  test('gives no price rather than zero', () => {
    expect(catalogueBook('openai', 'no-such-model')).toBeNull();
    expect(catalogueBook('openai', 'whisper-1')).toBeNull();
    expect(catalogueBook('openrouter', 'deepseek/deepseek-r1:free')).toBeNull();
    expect(catalogueBook('no-such-vendor', 'gpt-4o')).toBeNull();
    expect(catalogueBook('openai', 'text-embedding-3-small')![0]!.rates).toEqual({
      input: '0.02',
      output: '0',
    });
  });

  test('rounds a third written out to a picodollar', () => {
    const rates = catalogueBook('openrouter', 'google/gemini-2.5-flash-lite')![0]!.rates;
    expect(rates.cacheWrite).toBe('0.083333333333');
  });

  test('knows context windows', () => {
    expect(contextWindow('openai', 'gpt-4o-mini')).toBe(128_000);
    expect(contextWindow('openai', 'no-such-model')).toBeNull();
  });
});

describe('a price in the settings', () => {
  test('is a book of one row', () => {
    const [row, ...others] = overrideBook(
      {
        input_usd_per_mtok: 0.1,
        output_usd_per_mtok: '0.40',
        cached_input_usd_per_mtok: 0,
        usd_per_thousand_requests: 5,
      },
      'escalier.yaml',
    );
    expect(others).toEqual([]);
    expect(row).toMatchObject({ source: 'escalier.yaml', from: null, daily: null });
    expect(row!.rates).toEqual({ input: '0.1', output: '0.4', cachedInput: '0', perThousandRequests: '5' });
  });

  test('written otherwise is the same price', () => {
    const id = (input: number | string) =>
      overrideBook({ input_usd_per_mtok: input, output_usd_per_mtok: 1 }, 'escalier.yaml')[0]!.id;
    expect(id('0.10')).toBe(id(0.1));
    expect(id('0.11')).not.toBe(id(0.1));
  });

  test.each([-1, '-0.5', 'cheap', Number.NaN, '1e-3'])('%j is refused by the field’s name', (price) => {
    expect(() => overrideBook({ input_usd_per_mtok: 1, output_usd_per_mtok: price }, 'x')).toThrow(
      /^output_usd_per_mtok: /,
    );
  });
});

describe('the expected price of a million tokens', () => {
  const book = overrideBook(
    {
      input_usd_per_mtok: 1,
      output_usd_per_mtok: 5,
      cached_input_usd_per_mtok: 0.1,
      usd_per_thousand_requests: 2,
    },
    'x',
  );
  const free = overrideBook({ input_usd_per_mtok: 1, output_usd_per_mtok: 5 }, 'x');

  test('weighs input, cached input and output', () => {
    expect(expectedUsdPerMtok(free, AT, { input: 3, output: 1, cachedInput: 0 })).toBe('2');
    expect(expectedUsdPerMtok(free, AT, { input: 812.5, output: 187.5, cachedInput: 0 })).toBe('1.75');
    // 500 × 1 + 500 × 0.1 + 1000 × 5 over 2000 tokens, and $0.002 a request, which is $1 per million such tokens.
    expect(expectedUsdPerMtok(book, AT, { input: 1000, output: 1000, cachedInput: 500 })).toBe('3.775');
  });

  test('is unknown without tokens or a price', () => {
    expect(expectedUsdPerMtok(free, AT, { input: 0, output: 0, cachedInput: 0 })).toBeNull();
    expect(expectedUsdPerMtok([], AT, { input: 3, output: 1, cachedInput: 0 })).toBeNull();
  });

  test('is what costOf gives for a million such tokens', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.nat(1000),
        fc.nat(1000),
        fc.nat(1000),
        (model, plain, cachedInput, output) => {
          fc.pre(plain + cachedInput + output > 0);
          const input = plain + cachedInput;
          const expected = expectedUsdPerMtok(model.book, AT, { input, output, cachedInput });
          const used = {
            ...NO_USAGE,
            inputTokens: input,
            cachedInputTokens: cachedInput,
            outputTokens: output,
          };
          const cost = Number(costOf(used, priceAt(model.book, AT)!.rates)) / 1e12;
          expect(Number(expected)).toBeCloseTo((cost * 1e6) / (input + output), 5);
        },
      ),
    );
  });
});
