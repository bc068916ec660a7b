import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd, parseUsd } from './money.ts';
import {
  costOf,
  priceAt,
  ratePerMtok,
  leastCost,
  worstCase,
  type Price,
  type Rate,
  type Rates,
} from './price.ts';
import { NO_USAGE, usageProblem, type Usage } from './usage.ts';

const row = (id: string, change: Partial<Price> = {}): Price => ({
  id,
  source: 'test',
  from: null,
  daily: null,
  rates: { input: '1', output: '2' },
  ...change,
});

describe('the price at an instant', () => {
  const at = (text: string): Date => new Date(text);

  it('is the last row that applies', () => {
    const book = [row('old'), row('new', { from: '2025-06-01T00:00:00Z' })];
    expect(priceAt(book, at('2025-05-31T23:59:59.999Z'))?.id).toBe('old');
    expect(priceAt(book, at('2025-06-01T00:00:00Z'))?.id).toBe('new');
    expect(priceAt([], at('2025-06-01T00:00:00Z'))).toBeNull();
    expect(priceAt(book.slice(1), at('2025-01-01T00:00:00Z'))).toBeNull();
  });

  it('includes the start of a daily window and excludes its end', () => {
    const book = [row('day'), row('noon', { daily: { from: '12:00:00', to: '13:00:00' } })];
    expect(priceAt(book, at('2025-01-01T11:59:59.999Z'))?.id).toBe('day');
    expect(priceAt(book, at('2025-01-01T12:00:00Z'))?.id).toBe('noon');
    expect(priceAt(book, at('2025-01-01T12:59:59.999Z'))?.id).toBe('noon');
    expect(priceAt(book, at('2025-01-01T13:00:00Z'))?.id).toBe('day');
  });

  it('lets a daily window wrap midnight, or be the whole day', () => {
    const book = [row('day'), row('night', { daily: { from: '16:30:00', to: '00:30:00' } })];
    expect(priceAt(book, at('2025-01-01T23:00:00Z'))?.id).toBe('night');
    expect(priceAt(book, at('2025-01-01T00:29:59Z'))?.id).toBe('night');
    expect(priceAt(book, at('2025-01-01T00:30:00Z'))?.id).toBe('day');
    expect(priceAt(book, at('2025-01-01T16:29:59Z'))?.id).toBe('day');
    const always = row('always', { daily: { from: '00:00:00', to: '00:00:00' } });
    expect(priceAt([always], at('2025-01-01T07:00:00Z'))?.id).toBe('always');
  });
});

describe('the cost of a usage', () => {
  const cost = (usage: Partial<Usage>, rates: Rates): string =>
    formatUsd(costOf({ ...NO_USAGE, ...usage }, rates));

  it('prices totals', () => {
    expect(cost({ inputTokens: 1000, outputTokens: 100 }, { input: '2.5', output: '10' })).toBe('0.0035');
  });

  it('prices each part as such, and a part without a rate as its total', () => {
    const usage = {
      inputTokens: 1000,
      cachedInputTokens: 400,
      cacheWriteTokens: 100,
      inputAudioTokens: 50,
      outputTokens: 200,
      reasoningTokens: 120,
      outputAudioTokens: 30,
    };
    expect(cost(usage, { input: '2', output: '10' })).toBe('0.004');
    const rates = {
      input: '2',
      cachedInput: '1',
      cacheWrite: '3',
      inputAudio: '40',
      output: '10',
      reasoning: '5',
      outputAudio: '80',
    };
    // 450·2 + 400·1 + 100·3 + 50·40 + 50·10 + 120·5 + 30·80, in millionths of a dollar
    expect(cost(usage, rates)).toBe('0.0071');
  });

  it('prices every token once where parts must overlap', () => {
    const rates = { input: '1', cachedInput: '0.5', inputAudio: '10', output: '1', outputAudio: '20' };
    expect(cost({ inputTokens: 100, cachedInputTokens: 80, inputAudioTokens: 50 }, rates)).toBe('0.00024');
    expect(cost({ outputTokens: 10, reasoningTokens: 8, outputAudioTokens: 5 }, rates)).toBe('0.000048');
  });

  it('prices all tokens at the tier that the input reaches, as a cliff', () => {
    const tiered = {
      base: '1',
      tiers: [
        { above: 500, usdPerMtok: '4' },
        { above: 200, usdPerMtok: '2' },
      ],
    };
    expect([200, 201, 500, 501].map((tokens) => formatUsd(ratePerMtok(tiered, tokens)))).toEqual([
      '1',
      '2',
      '2',
      '4',
    ]);
    expect(cost({ inputTokens: 201, outputTokens: 10 }, { input: '0', output: tiered })).toBe('0.00002');
  });

  it('rounds once, half up, and adds the price of a request', () => {
    expect(cost({ inputTokens: 1, outputTokens: 1 }, { input: '0.00000025', output: '0.00000025' })).toBe(
      '0.000000000001',
    );
    expect(cost({}, { input: '1', output: '1', perThousandRequests: '5' })).toBe('0.005');
  });
});

const usd = fc.bigInt(0n, parseUsd('200')).map(formatUsd);
const rate: fc.Arbitrary<Rate> = fc.oneof(
  usd,
  fc.record({
    base: usd,
    tiers: fc.array(fc.record({ above: fc.nat(3000), usdPerMtok: usd }), { maxLength: 3 }),
  }),
);
const rates = fc.record(
  {
    input: rate,
    output: rate,
    cachedInput: rate,
    cacheWrite: rate,
    inputAudio: rate,
    outputAudio: rate,
    inputImage: rate,
    outputImage: rate,
    reasoning: rate,
    perThousandRequests: usd,
  },
  { requiredKeys: ['input', 'output'] },
);
const tokens = fc.nat(4000);
const usage: fc.Arbitrary<Usage> = fc
  .record({
    inputTokens: tokens,
    cachedInputTokens: tokens,
    cacheWriteTokens: tokens,
    inputAudioTokens: tokens,
    inputImageTokens: tokens,
    outputTokens: tokens,
    reasoningTokens: tokens,
    outputAudioTokens: tokens,
    outputImageTokens: tokens,
  })
  .map((raw) => {
    // Folded into a possible usage: every part within its total, overlaps between audio and the others included.
    const cached = raw.cachedInputTokens % (raw.inputTokens + 1);
    const inputAudio = raw.inputAudioTokens % (raw.inputTokens + 1);
    const outputAudio = raw.outputAudioTokens % (raw.outputTokens + 1);
    return {
      ...raw,
      cachedInputTokens: cached,
      cacheWriteTokens: raw.cacheWriteTokens % (raw.inputTokens - cached + 1),
      inputAudioTokens: inputAudio,
      inputImageTokens: raw.inputImageTokens % (raw.inputTokens - inputAudio + 1),
      reasoningTokens: raw.reasoningTokens % (raw.outputTokens + 1),
      outputAudioTokens: outputAudio,
      outputImageTokens: raw.outputImageTokens % (raw.outputTokens - outputAudio + 1),
    };
  });

describe('the least', () => {
  it('is every token at its cheapest rate, over all tiers, rounded down', () => {
    const rates = {
      input: { base: '3', tiers: [{ above: 10, usdPerMtok: '2' }] },
      cachedInput: '0.5',
      output: '8',
      reasoning: '7.0000005',
      perThousandRequests: '1',
    };
    // (3 × $0.5 + 1 × $7.0000005) / 10⁶, of which half a picodollar is dropped, and $0.001 for the request.
    expect(leastCost(rates, 3, 1)).toBe(1_000_000_000n + 8_500_000n);
  });
});

describe('the worst case', () => {
  it('is not known where a bound or a price is not', () => {
    expect(worstCase(null, 1, 1)).toBeNull();
    expect(worstCase([], 1, 1)).toBeNull();
    expect(worstCase([row('a')], null, 1)).toBeNull();
    expect(worstCase([row('a')], 1, null)).toBeNull();
  });

  it('takes the dearest row', () => {
    const dear = row('dear', { rates: { input: '3', output: '1' } });
    expect(worstCase([row('a'), dear], 1_000_000, 0)).toBe(parseUsd('3'));
    expect(worstCase([row('a'), dear], 0, 1_000_000)).toBe(parseUsd('2'));
  });

  it('bounds the cost of every usage within the token bounds, at every row', () => {
    fc.assert(
      fc.property(
        fc.array(rates, { minLength: 1, maxLength: 3 }),
        usage,
        fc.nat(1000),
        fc.nat(1000),
        (rows, used, moreIn, moreOut) => {
          expect(usageProblem(used)).toBeNull();
          const book = rows.map((each, i) => row(String(i), { rates: each }));
          const worst = worstCase(book, used.inputTokens + moreIn, used.outputTokens + moreOut);
          for (const each of rows) expect(costOf(used, each) <= worst!).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
