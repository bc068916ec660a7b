import { describe, expect, test } from 'vitest';
import {
  bootstrapMean,
  bootstrapQuantile,
  bootstrapRatio,
  bootstrapShare,
  pairedBootstrap,
  quantileOf,
} from './bootstrap.ts';
import { uniformOf } from './random.ts';

const uniform = uniformOf(7);
const noise = Array.from({ length: 400 }, () => uniform());

describe('the bootstrap', () => {
  test('gives the figure itself, and the same interval for the same seed', () => {
    const estimate = bootstrapMean([0, 0, 1, 1], 1);
    expect(estimate.value).toBe(0.5);
    expect(bootstrapMean([0, 0, 1, 1], 1)).toEqual(estimate);
    expect(bootstrapMean(noise, 2)).not.toEqual(bootstrapMean(noise, 1));
  });

  test('of a mean is as wide as its standard error says', () => {
    const { value, low, high } = bootstrapMean(noise, 1);
    const deviation = Math.sqrt(noise.reduce((sum, x) => sum + (x - value) ** 2, 0) / noise.length);
    const expected = (2 * 1.96 * deviation) / Math.sqrt(noise.length);
    expect((high - low) / expected).toBeGreaterThan(0.9);
    expect((high - low) / expected).toBeLessThan(1.1);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
  });

  test('of a difference is paired: what both have in common cancels', () => {
    const { value, low, high } = pairedBootstrap(
      noise.map((x) => x + 0.25),
      noise,
      1,
    );
    for (const figure of [value, low, high]) expect(figure).toBeCloseTo(0.25, 12);
    expect(() => pairedBootstrap([1, 2], [1], 1)).toThrow('2 values beside 1');
  });

  test('of a ratio sums before it divides', () => {
    // (1 + 3) / (2 + 8)
    expect(bootstrapRatio([1, 3], [2, 8], 1).value).toBe(0.4);
  });

  test('of a share that is 0 or 1 is bounded all the same: 60 of 60', () => {
    const all = Array<number>(60).fill(1);
    const edge = 0.0596;
    expect(bootstrapShare(all, 1)).toMatchObject({ value: 1, high: 1 });
    expect(bootstrapShare(all, 1).low).toBeCloseTo(1 - edge, 4);
    expect(
      bootstrapShare(
        all.map(() => 0),
        1,
      ).high,
    ).toBeCloseTo(edge, 4);
    expect(bootstrapShare([0, ...all], 1)).toEqual(bootstrapMean([0, ...all], 1));
    expect(bootstrapShare([], 1).low).toBeNaN();
  });

  test('of a quantile interpolates', () => {
    expect(bootstrapQuantile([30, 10, 20, 40], 0.5, 1)).toMatchObject({ value: 25, low: 10, high: 40 });
    expect(quantileOf(Float64Array.of(0, 10), 0.95)).toBe(9.5);
    expect(quantileOf(Float64Array.of(5), 0.99)).toBe(5);
  });

  test('of no query is no number', () => {
    expect(bootstrapMean([], 1)).toEqual({ value: Number.NaN, low: Number.NaN, high: Number.NaN });
  });
});
