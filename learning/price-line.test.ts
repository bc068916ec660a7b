import { expect, test } from 'vitest';
import { priceLine } from './price-line.ts';

const spent = Float64Array.from({ length: 101 }, (_, at) => 1 + at / 100);

test('a line is found again, through the mean spend', () => {
  const { meanUsd, slope } = priceLine(
    spent,
    spent.map((usd) => 3 + 2 * usd),
  );
  expect(meanUsd).toBeCloseTo(1.5, 12);
  expect(slope).toBeCloseTo(2, 12);
});

test('a few very dear calls cannot make it steeper than proportional to what was spent', () => {
  const next = spent.map((usd, at) => (at > 97 ? 50 : usd));
  const { meanUsd, slope } = priceLine(spent, next);
  expect(slope).toBeCloseTo(next.reduce((sum, usd) => sum + usd, 0) / 101 / meanUsd, 12);
});

test('it never falls, and is flat where nothing can be told', () => {
  expect(
    priceLine(
      spent,
      spent.map((usd) => 9 - usd),
    ).slope,
  ).toBe(0);
  expect(priceLine(Float64Array.of(2, 2), Float64Array.of(1, 3))).toEqual({ meanUsd: 2, slope: 0 });
  expect(priceLine(Float64Array.of(2), Float64Array.of(1))).toEqual({ meanUsd: 2, slope: 0 });
  expect(priceLine(Float64Array.of(0, 0), Float64Array.of(1, 3))).toEqual({ meanUsd: 0, slope: 0 });
});
