import { describe, expect, test } from 'vitest';
import { baselineBounds } from './baseline.ts';
import type { Price } from './price.ts';
import { savedAgainst } from './savings.ts';
import { exactly, NOTHING } from './spend.ts';
import { stageWorth, type StageFigures } from './stage-worth.ts';

const price = (row: Partial<Price>): Price => ({
  ...{ id: 'x', source: 'test', from: null, daily: null, rates: { input: '10', output: '40' } },
  ...row,
});
const bucket = { day: '2026-11-01', inputOver: 0, inputUpTo: 32_000, queries: 2, inputTokens: 300n };

describe('baselineBounds', () => {
  test('the input at its rate, with no output and with all that is allowed', () => {
    // 300 × $10 / 10⁶ = $0.003; high + 2 × 1000 × $40 / 10⁶ = $0.08.
    expect(baselineBounds(bucket, [price({})], 1000)).toEqual({ low: 3_000_000_000n, high: 83_000_000_000n });
    expect(baselineBounds(bucket, [price({})], null)).toEqual({ low: 3_000_000_000n, high: null });
    expect(baselineBounds(bucket, null, 1000)).toEqual({ low: 0n, high: null });
    expect(baselineBounds({ ...bucket, queries: 0 }, null, 1000)).toEqual(NOTHING);
  });

  test('a price that changes within the day, by date or by the hour, takes the lowest and the highest', () => {
    const dearer = { input: '20', output: '40' };
    const wide = { low: 3_000_000_000n, high: 86_000_000_000n };
    expect(
      baselineBounds(bucket, [price({}), price({ from: '2026-11-01T12:00:00Z', rates: dearer })], 1000),
    ).toEqual(wide);
    const nightly = { from: '16:00:00', to: '02:00:00' };
    expect(baselineBounds(bucket, [price({}), price({ daily: nightly, rates: dearer })], 1000)).toEqual(wide);
    // From the next day on it is not this day's.
    expect(
      baselineBounds(bucket, [price({}), price({ from: '2026-11-02T00:00:00Z', rates: dearer })], 1000),
    ).toEqual({ low: 3_000_000_000n, high: 83_000_000_000n });
  });

  test('a tier whose edge is a bucket’s is exact, one inside it is not', () => {
    const tiers = (above: number) => ({
      input: { base: '10', tiers: [{ above, usdPerMtok: '20' }] },
      output: '0',
    });
    const of = (above: number, inputOver: number, inputUpTo: number | null) =>
      baselineBounds({ ...bucket, inputOver, inputUpTo }, [price({ rates: tiers(above) })], 0);
    expect(of(32_000, 0, 32_000)).toEqual(exactly(3_000_000_000n));
    expect(of(32_000, 32_000, 128_000)).toEqual(exactly(6_000_000_000n));
    expect(of(64_000, 32_000, 128_000)).toEqual({ low: 3_000_000_000n, high: 6_000_000_000n });
  });
});

describe('stageWorth', () => {
  const figures: StageFigures = {
    ...{ reached: 10, stopped: 4, endedHere: 4, wentOn: 6 },
    ...{ serve: exactly(100n), scoring: exactly(20n), toGo: exactly(600n) },
  };

  test('c / D and (c + s) / D from the queries that went on: a share above it proves nothing', () => {
    // c = 10, s = 2, D = 100.
    expect(stageWorth(figures, null)).toMatchObject({
      ...{ stopped: 0.4, basis: 'went-on', verdict: 'cannot-tell' },
      ...{ breakEven: { low: 0.1, high: 0.1 }, breakEvenWithScoring: { low: 0.12, high: 0.12 } },
    });
    expect(stageWorth({ ...figures, stopped: 1, endedHere: 4 }, null).verdict).toBe('below');
    expect(stageWorth({ ...figures, stopped: 0 }, null).verdict).toBe('below');
  });

  test('bounds for all queries bound the break-even share', () => {
    // D between (600 + 0) / 10 and (600 + 400) / 10.
    expect(stageWorth(figures, { low: 0n, high: 400n })).toMatchObject({
      ...{ basis: 'all', verdict: 'above', breakEvenWithScoring: { low: 0.12, high: 0.2 } },
    });
    expect(stageWorth({ ...figures, stopped: 1 }, { low: 0n, high: 400n }).verdict).toBe('below');
    expect(stageWorth({ ...figures, stopped: 1 }, { low: 0n, high: null }).verdict).toBe('cannot-tell');
  });

  test('two stages without a scorer: c₁ / c₂', () => {
    const two = { ...figures, scoring: NOTHING };
    expect(stageWorth(two, exactly(400n)).breakEvenWithScoring).toEqual({ low: 0.1, high: 0.1 });
  });

  test('without a later stage, or a query, nothing can be told', () => {
    expect(stageWorth({ ...figures, wentOn: 0, endedHere: 10 }, null)).toMatchObject({
      basis: 'none',
      breakEven: null,
    });
    expect(stageWorth({ ...figures, reached: 0, wentOn: 0, endedHere: 0 }, null).stopped).toBeNull();
  });
});

test('savings are bounds, and may be losses', () => {
  expect(savedAgainst({ low: 5n, high: 9n }, { low: 6n, high: 7n })).toEqual({ low: -2n, high: 3n });
  expect(savedAgainst({ low: 5n, high: null }, { low: 6n, high: null })).toEqual({ low: null, high: null });
});
