import { describe, expect, test } from 'vitest';
import { formatUsd } from '../core/money.ts';
import { priceRow } from '../core/price-row.ts';
import { worstCase, type Price } from '../core/price.ts';
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

function costOf(billing: Partial<Billing>) {
  const { cost, source, priceId } = costOfRequest(
    { reportedCostUsd: null, usage, billed: 'maybe' },
    { prices: [standard], at: AT, serviceTier: null, worst: null, servedPrices: null, ...billing },
  );
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
