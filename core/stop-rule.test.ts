import { describe, expect, test } from 'vitest';
import { gainAt, thresholdsOf, type StopRule, type ValueStep } from './stop-rule.ts';

const curve = { confidence: [0.2, 0.6, 1], gain: [0.4, 0.2, 0] };

test.each([
  [0, 0.4],
  [0.2, 0.4],
  [0.4, 0.3],
  [0.6, 0.2],
  [0.8, 0.1],
  [1, 0],
])('the gain at %d is %d', (confidence, gain) => {
  expect(gainAt(curve, confidence)).toBeCloseTo(gain, 12);
});

test('a gain may drop at once, and a curve may be one knot, but not none', () => {
  expect(gainAt({ confidence: [0.5, 0.5], gain: [0.3, 0.1] }, 0.499)).toBe(0.3);
  expect(gainAt({ confidence: [0.5, 0.5], gain: [0.3, 0.1] }, 0.5)).toBe(0.1);
  expect(gainAt({ confidence: [1], gain: [0.1] }, 0.3)).toBe(0.1);
  expect(() => gainAt({ confidence: [], gain: [] }, 0.3)).toThrow('no knots');
});

describe('the thresholds of a rule', () => {
  const value = (lambdaUsd: number, ...steps: ValueStep[]): StopRule => ({ type: 'value', lambdaUsd, steps });
  const step = (priceUsd: number): ValueStep => ({ priceUsd, gain: curve });

  test('of one threshold are that one, everywhere', () => {
    expect(thresholdsOf({ type: 'threshold', threshold: 0.7 }, 3)).toEqual([0.7, 0.7, 0.7]);
  });

  test('are where the next stage is no longer worth its price, and 0 at the last', () => {
    // A right answer is worth a dollar: a price of 10 cents is worth a gain of 0.1, which is there up to 0.8.
    const [first, second, last] = thresholdsOf(value(1, step(0.1), step(0.3)), 3);
    expect(first).toBeCloseTo(0.8, 12);
    expect(second).toBeCloseTo(0.4, 12);
    expect(last).toBe(0);
  });

  test('lie within [0, 1], however much or little an answer is worth', () => {
    expect(thresholdsOf(value(0, step(0.1)), 2)).toEqual([0, 0]);
    expect(thresholdsOf(value(1, step(0.5)), 2)).toEqual([0, 0]);
    expect(thresholdsOf(value(1e9, { priceUsd: 0.1, gain: { confidence: [1], gain: [0.1] } }), 2)).toEqual([
      1, 0,
    ]);
    expect(thresholdsOf(value(1, { priceUsd: 0, gain: { confidence: [1], gain: [0] } }), 2)).toEqual([0, 0]);
  });

  test('need a step for each stage but the last', () => {
    expect(() => thresholdsOf(value(1, step(0.1)), 3)).toThrow('1 steps for a chain of 3 stages');
  });
});
