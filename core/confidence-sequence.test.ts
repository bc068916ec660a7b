import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uniformOf, type Uniform } from '../learning/random.ts';
import { meanBounds, meanDifferenceBounds } from './confidence-sequence.ts';

const DELTA = 0.1;
const RUNS = 300;
/** Of 300 runs that each fail with probability 0.1, more than 43 fail with a probability below 0.01 (exact binomial). */
const MOST_FAILURES = 43;

function draw(count: number, value: (uniform: Uniform) => number, seed: number): number[] {
  const uniform = uniformOf(seed);
  return Array.from({ length: count }, () => value(uniform));
}

test.each<[string, number, (uniform: Uniform) => number]>([
  ['labels', 0.9, (uniform) => (uniform() < 0.9 ? 1 : 0)],
  ['costs, mostly small', 0.06, (uniform) => (uniform() < 0.1 ? 0.42 : 0.02)],
  ['a coin', 0.5, (uniform) => (uniform() < 0.5 ? 1 : 0)],
])('bounds on the mean of %s hold at every look', (_name, mean, value) => {
  let outside = 0;
  for (let run = 0; run < RUNS; run++) {
    // The last look is the narrowest: a bound that was once crossed stays.
    const { low, high } = meanBounds(draw(200, value, run), DELTA);
    if (mean < low || mean > high) outside++;
  }
  expect(outside).toBeLessThanOrEqual(MOST_FAILURES);
});

test('they narrow, and never widen again', () => {
  const values = draw(2000, (uniform) => (uniform() < 0.95 ? 1 : 0), 1);
  const looks = [0, 1, 20, 100, 500, 2000].map((count) => meanBounds(values.slice(0, count), 0.05));
  expect(looks[0]).toEqual({ low: 0, high: 1 });
  for (const [at, { low, high }] of looks.entries()) {
    expect(low).toBeLessThanOrEqual(high);
    // Bisection finds a bound to within 10⁻⁹.
    expect(low).toBeGreaterThanOrEqual((looks[at - 1]?.low ?? 0) - 1e-8);
    expect(high).toBeLessThanOrEqual((looks[at - 1]?.high ?? 1) + 1e-8);
  }
  // A fixed-size 95% interval would be 0.019 wide.
  expect(looks.at(-1)!.high - looks.at(-1)!.low).toBeLessThan(0.04);
});

test('a range of one’s own is the same bounds in another unit', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 0.25, 0.5, 1), { maxLength: 60 }), (units) => {
      const { low, high } = meanBounds(units, 0.1);
      const scaled = meanBounds(
        units.map((unit) => 4 * unit - 2),
        0.1,
        { low: -2, high: 2 },
      );
      expect(scaled.low).toBeCloseTo(4 * low - 2, 6);
      expect(scaled.high).toBeCloseTo(4 * high - 2, 6);
    }),
    { seed: 5, numRuns: 50 },
  );
});

test('two arms: the difference is found where there is one, and not where there is none', () => {
  const right = (share: number, seed: number): number[] =>
    draw(1500, (uniform) => (uniform() < share ? 1 : 0), seed);
  expect(meanDifferenceBounds(right(0.95, 1), right(0.8, 2), 0.05).low).toBeGreaterThan(0.08);
  let wrong = 0;
  for (let run = 0; run < 100; run++) {
    const { low, high } = meanDifferenceBounds(
      right(0.8, 2 * run).slice(0, 100),
      right(0.8, 2 * run + 1),
      0.05,
    );
    if (low > 0 || high < 0) wrong++;
  }
  // Of 100 runs at 0.05, more than 11 fail with a probability below 0.01.
  expect(wrong).toBeLessThanOrEqual(11);
});

test('values outside the range, and a delta that is none, are refused', () => {
  expect(() => meanBounds([0.5, 1.5], 0.1)).toThrow('a value is 1.5: the range is 0 to 1');
  expect(() => meanBounds([Number.NaN], 0.1)).toThrow(RangeError);
  expect(() => meanBounds([], 1)).toThrow('delta is 1');
});
