import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binomialAtMost } from './binomial.ts';

test('known values', () => {
  expect(binomialAtMost(0, 10, 0.5)).toBeCloseTo(1 / 1024, 15);
  expect(binomialAtMost(5, 10, 0.5)).toBeCloseTo(638 / 1024, 14);
  // What the tests of guarantees allow: of 300 that each fail with probability 0.1.
  expect(1 - binomialAtMost(43, 300, 0.1)).toBeLessThan(0.01);
  expect(1 - binomialAtMost(42, 300, 0.1)).toBeGreaterThan(0.01);
  // The first terms are below the smallest double.
  expect(binomialAtMost(50_000, 100_000, 0.5)).toBeCloseTo(0.501262, 5);
});

test('the edges', () => {
  expect(binomialAtMost(-1, 5, 0.5)).toBe(0);
  expect(binomialAtMost(5, 5, 0.5)).toBe(1);
  expect(binomialAtMost(0, 5, 0)).toBe(1);
  expect(binomialAtMost(4, 5, 1)).toBe(0);
  expect(binomialAtMost(0, 0, 0.3)).toBe(1);
});

test('it rises with the count and falls with the probability; the two tails add up', () => {
  const trials = fc.integer({ min: 1, max: 400 });
  fc.assert(
    fc.property(trials, fc.nat(400), fc.double({ min: 0.001, max: 0.999, noNaN: true }), (n, k, p) => {
      const tail = binomialAtMost(k, n, p);
      expect(binomialAtMost(k + 1, n, p)).toBeGreaterThanOrEqual(tail - 1e-12);
      expect(binomialAtMost(k, n, p / 2)).toBeGreaterThanOrEqual(tail - 1e-12);
      if (k < n) expect(tail + binomialAtMost(n - k - 1, n, 1 - p)).toBeCloseTo(1, 9);
    }),
    { seed: 3 },
  );
});
