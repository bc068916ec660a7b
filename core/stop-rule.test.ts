import { describe, expect, test } from 'vitest';
import {
  expectedPrice,
  gainAt,
  pinnedRule,
  thresholdAfter,
  thresholdsOf,
  withoutStep,
  type StopRule,
  type ValueStep,
} from './stop-rule.ts';

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

describe('a price that depends on what a query has spent', () => {
  const straight = { confidence: [0, 1], gain: [1, 0] };
  const step: ValueStep = { priceUsd: 0.1, spent: { meanUsd: 0.05, slope: 2 }, gain: straight };
  const rule: StopRule = { type: 'value', lambdaUsd: 1, steps: [step] };

  test.each([
    [0.05, 0.1],
    [0.1, 0.2],
    [0.02, 0.04],
    // A tenth of the mean price is the least.
    [0, 0.01],
  ])('after $%d it is $%d, and the threshold falls as it rises', (spent, price) => {
    expect(expectedPrice(step, spent)).toBeCloseTo(price, 12);
    expect(thresholdAfter(rule, 0, 2, spent)).toBeCloseTo(1 - price, 12);
  });

  test('is the mean price at mean spend, for which a policy shows its thresholds', () => {
    expect(thresholdsOf(rule, 2)).toEqual([thresholdAfter(rule, 0, 2, 0.05), 0]);
    expect(thresholdAfter(rule, 1, 2, 9)).toBe(0);
  });

  test('is nothing to a step without a line, or to one threshold', () => {
    const flat: StopRule = { ...rule, steps: [{ priceUsd: 0.1, gain: straight }] };
    expect(thresholdAfter(flat, 0, 2, 9)).toBe(thresholdsOf(flat, 2)[0]);
    expect(pinnedRule(flat)).toEqual({});
    expect(pinnedRule({ type: 'threshold', threshold: 0.7 })).toEqual({});
    expect(pinnedRule(rule)).toEqual({ stopRule: rule });
  });

  test('lacks the cost of a stage that is taken out', () => {
    const at = (meanUsd: number, priceUsd: number): ValueStep => ({
      ...{ priceUsd, gain: straight },
      spent: { meanUsd, slope: 1 },
    });
    const three: StopRule = { type: 'value', lambdaUsd: 1, steps: [at(1, 2), at(3, 4)] };
    expect(withoutStep(three, 0)).toEqual({ ...three, steps: [at(2, 4)] });
    expect(withoutStep(three, 1)).toEqual({ ...three, steps: [at(1, 2)] });
    expect(withoutStep(three, 2)).toEqual({ ...three, steps: [at(1, 2)] });
    const four: StopRule = { ...three, steps: [at(1, 2), at(3, 4), at(7, 8)] };
    expect(withoutStep(four, 1)).toEqual({ ...three, steps: [at(1, 2), at(5, 8)] });
  });
});
