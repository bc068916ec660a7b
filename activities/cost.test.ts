import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd, parseUsd } from '../core/money.ts';
import { costOf, worstCase, type Price } from '../core/price.ts';
import { NO_USAGE } from '../core/usage.ts';
import { costOfRequest, type Asked } from './cost.ts';

const price: Price = {
  id: 'row',
  source: 'test',
  from: null,
  daily: null,
  rates: { input: '1', cachedInput: '0.1', output: '10' },
};
const asked: Asked = {
  messages: [{ role: 'user', content: 'one two three four … five six' }],
  parameters: {},
  price,
  worstCaseUsd: '0.5',
};
const nothing = {
  reportedCostUsd: null,
  usage: null,
  usageIsPartial: false,
  taken: null,
  billed: 'maybe',
} as const;
const usage = { ...NO_USAGE, inputTokens: 100, outputTokens: 10 };

describe('what a request cost', () => {
  it('after a timeout, or an error with a request id, is between nothing and the worst case: never zero', () => {
    expect(costOfRequest(nothing, asked)).toEqual({
      cost: { low: 0n, high: parseUsd('0.5') },
      source: 'estimate',
    });
  });

  it('has a low where the response proves that it was taken: half the words, at the cheapest rates', () => {
    const taken = { text: 'a b c d' };
    // 3 input tokens at $0.1 and 2 output tokens at $10 per million.
    expect(costOfRequest({ ...nothing, taken }, asked).cost.low).toBe(parseUsd('0.0000203'));
    // A server that was told to shorten the prompt may have read none of it.
    const shortened = { ...asked, parameters: { transforms: ['middle-out'] } };
    expect(costOfRequest({ ...nothing, taken }, shortened).cost.low).toBe(parseUsd('0.00002'));
  });

  it('is at least what a cut stream had told of its usage, and exact where that was all', () => {
    const told = { ...nothing, usage, taken: { text: '' } };
    expect(costOfRequest({ ...told, usageIsPartial: true }, asked)).toEqual({
      cost: { low: parseUsd('0.0002'), high: parseUsd('0.5') },
      source: 'estimate',
    });
    expect(costOfRequest(told, asked)).toMatchObject({
      source: 'catalogue',
      cost: { low: parseUsd('0.0002') },
    });
  });

  it('without a price is unknown, unless it was certainly not billed', () => {
    const unpriced = { ...asked, price: null, worstCaseUsd: null };
    for (const facts of [nothing, { ...nothing, usage }, { ...nothing, taken: { text: 'a b c d' } }]) {
      expect(costOfRequest(facts, unpriced)).toEqual({ cost: { low: 0n, high: null }, source: 'unknown' });
    }
    expect(costOfRequest({ ...nothing, billed: 'no' }, unpriced)).toMatchObject({
      cost: { low: 0n, high: 0n },
    });
  });

  it('never has a low above the cost of a response whose words are at most its tokens', () => {
    const words = fc.array(fc.constantFrom('six', 'times', '7', '—', 'émigré', '…', '東京'), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(words, words, fc.nat({ max: 30 }), (input, output, more) => {
        const inputTokens = input.length + more;
        const truth = {
          ...NO_USAGE,
          inputTokens,
          cachedInputTokens: inputTokens,
          outputTokens: output.length,
        };
        const billed = costOf(truth, price.rates);
        const worst = worstCase([price], inputTokens, output.length)!;
        const { cost } = costOfRequest(
          { ...nothing, taken: { text: output.join(' ') } },
          {
            ...asked,
            messages: [{ role: 'user', content: input.join('\n') }],
            worstCaseUsd: formatUsd(worst),
          },
        );
        expect(cost.low <= billed && billed <= cost.high!).toBe(true);
      }),
    );
  });
});
