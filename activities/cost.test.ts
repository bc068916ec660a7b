import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatUsd, parseUsd } from '../core/money.ts';
import { priceRow } from '../core/price-row.ts';
import { costOf as priceOf, worstCase, type Price } from '../core/price.ts';
import { rowsThatCanApply, serviceTierOf } from '../core/service-tier.ts';
import { NO_USAGE } from '../core/usage.ts';
import { costOfRequest, type Billing } from './cost.ts';

const row = (input: string, output: string, change: Partial<Price> = {}): Price =>
  priceRow({ source: 'test', from: null, daily: null, rates: { input, output }, ...change });

const AT = new Date('2026-06-15T12:00:00Z');
const standard = row('1', '2');
const flex = row('0.5', '1', { serviceTier: 'flex' });
const priority = row('4', '8', { serviceTier: 'priority' });
/** A million tokens each way, so that costs read like rates. */
const usage = { ...NO_USAGE, inputTokens: 1_000_000, outputTokens: 1_000_000 };

const asked: Billing = {
  messages: [{ role: 'user', content: 'one two three four … five six' }],
  parameters: {},
  prices: [standard],
  at: AT,
  serviceTier: null,
  worst: null,
  servedPrices: null,
};
const nothing = {
  reportedCostUsd: null,
  usage: null,
  usageIsPartial: false,
  taken: null,
  billed: 'maybe',
} as const;

function costOf(billing: Partial<Billing>) {
  const { cost, source, priceId } = costOfRequest({ ...nothing, usage }, { ...asked, ...billing });
  return {
    low: formatUsd(cost.low),
    high: cost.high === null ? null : formatUsd(cost.high),
    source,
    priceId,
  };
}

describe('the cost of a request', () => {
  test('is by the row of the tier that served it', () => {
    const prices = [standard, flex];
    expect(costOf({ prices })).toEqual({ low: '3', high: '3', source: 'catalogue', priceId: standard.id });
    expect(costOf({ prices, serviceTier: 'flex' })).toEqual({
      low: '1.5',
      high: '1.5',
      source: 'catalogue',
      priceId: flex.id,
    });
  });

  test('in a tier without a row is bounded where the tier is cheaper, else unknown', () => {
    const bounded = { low: '0', high: '3', source: 'estimate', priceId: standard.id };
    expect(costOf({ serviceTier: 'flex' })).toEqual(bounded);
    expect(costOf({ serviceTier: 'batch' })).toEqual(bounded);
    for (const serviceTier of ['priority', 'scale', 'no-such-tier']) {
      expect(costOf({ serviceTier })).toEqual({ low: '0', high: null, source: 'unknown', priceId: null });
    }
  });

  test('is by the row of its own time, though another attempt of the query had another price', () => {
    const discount = row('0.1', '0.2', { from: '2026-06-01T00:00:00Z', until: '2026-06-15T12:00:01Z' });
    const prices = [standard, discount];
    expect(costOf({ prices }).high).toBe('0.3');
    expect(costOf({ prices, at: new Date('2026-06-15T12:00:01Z') }).high).toBe('3');
  });

  test('of another model than was asked for lies between the two prices, where both are known and differ', () => {
    const dear = row('10', '20');
    expect(costOf({ servedPrices: [dear] })).toEqual({
      low: '3',
      high: '30',
      source: 'estimate',
      priceId: standard.id,
    });
    expect(costOf({ servedPrices: [row('1', '2', { source: 'dated snapshot' })] }).source).toBe('catalogue');
    expect(costOf({ servedPrices: [] }).source).toBe('catalogue');
  });
});

describe('the tier', () => {
  test('is the response’s, else the request’s', () => {
    expect(serviceTierOf('default', 'flex')).toBeNull();
    expect(serviceTierOf('priority', 'auto')).toBe('priority');
    expect(serviceTierOf(null, 'flex')).toBe('flex');
    expect(serviceTierOf(null, undefined)).toBeNull();
    for (const name of ['auto', 'default', 'standard', 'on_demand'])
      expect(serviceTierOf(name, null)).toBeNull();
  });
});

describe('the worst case', () => {
  const most = (prices: Price[], requested: string | undefined, since = AT) => {
    const worst = worstCase(rowsThatCanApply(prices, since, requested), 1_000_000, 0);
    return worst === null ? null : formatUsd(worst);
  };

  test('takes the dearest tier that can apply', () => {
    const prices = [standard, flex, priority];
    expect(most(prices, undefined)).toBe('4');
    expect(most(prices, 'auto')).toBe('4');
    expect(most(prices, 'default')).toBe('1');
    expect(most(prices, 'flex')).toBe('1');
    expect(most(prices, 'priority')).toBe('4');
    expect(most([standard], 'batch')).toBe('1');
    expect(most([standard], 'priority')).toBeNull();
    expect(worstCase(rowsThatCanApply([], AT, undefined), 1, 1)).toBeNull();
  });

  test('leaves out what is over, and not what may come', () => {
    const later = row('7', '7', { from: '2026-07-01T00:00:00Z' });
    const past = row('9', '9', { until: '2026-06-15T12:00:00Z' });
    expect(most([past, standard], undefined)).toBe('1');
    expect(most([standard, later], undefined)).toBe('7');
    expect(most([row('9', '9'), standard], undefined)).toBe('1');
    // A tier's row does not take the place of the default's.
    expect(most([row('9', '9'), flex], undefined)).toBe('9');
  });
});

const price: Price = {
  id: 'row',
  source: 'test',
  from: null,
  daily: null,
  rates: { input: '1', cachedInput: '0.1', output: '10' },
};
const priced: Billing = { ...asked, prices: [price], worst: '0.5' };
const some = { ...NO_USAGE, inputTokens: 100, outputTokens: 10 };

describe('without a whole usage', () => {
  test('after a timeout, or an error with a request id, is between nothing and the worst case: never zero', () => {
    expect(costOfRequest(nothing, priced)).toEqual({
      cost: { low: 0n, high: parseUsd('0.5') },
      source: 'estimate',
      priceId: 'row',
    });
  });

  test('has a low where the response proves that it was taken: half the words, at the cheapest rates', () => {
    const taken = { text: 'a b c d' };
    // 3 input tokens at $0.1 and 2 output tokens at $10 per million.
    expect(costOfRequest({ ...nothing, taken }, priced).cost.low).toBe(parseUsd('0.0000203'));
    // A server that was told to shorten the prompt may have read none of it.
    const shortened = { ...priced, parameters: { transforms: ['middle-out'] } };
    expect(costOfRequest({ ...nothing, taken }, shortened).cost.low).toBe(parseUsd('0.00002'));
  });

  test('is at least what a cut stream had told of its usage, and exact where that was all', () => {
    const told = { ...nothing, usage: some, taken: { text: '' } };
    expect(costOfRequest({ ...told, usageIsPartial: true }, priced)).toEqual({
      cost: { low: parseUsd('0.0002'), high: parseUsd('0.5') },
      source: 'estimate',
      priceId: 'row',
    });
    expect(costOfRequest(told, priced)).toMatchObject({
      source: 'catalogue',
      cost: { low: parseUsd('0.0002') },
    });
  });

  test('without a price is unknown, unless it was certainly not billed', () => {
    const unpriced = { ...priced, prices: null, worst: null };
    for (const facts of [nothing, { ...nothing, usage: some }, { ...nothing, taken: { text: 'a b c d' } }]) {
      expect(costOfRequest(facts, unpriced)).toEqual({
        cost: { low: 0n, high: null },
        source: 'unknown',
        priceId: null,
      });
    }
    expect(costOfRequest({ ...nothing, billed: 'no' }, unpriced)).toMatchObject({
      cost: { low: 0n, high: 0n },
    });
  });

  test('never has a low above the cost of a response whose words are at most its tokens', () => {
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
        const billed = priceOf(truth, price.rates);
        const worst = worstCase([price], inputTokens, output.length)!;
        const { cost } = costOfRequest(
          { ...nothing, taken: { text: output.join(' ') } },
          {
            ...priced,
            messages: [{ role: 'user', content: input.join('\n') }],
            worst: formatUsd(worst),
          },
        );
        expect(cost.low <= billed && billed <= cost.high!).toBe(true);
      }),
    );
  });
});
