import { expect, test } from 'vitest';
import { minimise, type Objective } from './lbfgs.ts';

const OPTIONS = { iterations: 200, tolerance: 1e-14 };

test('finds the minimum of a quadratic whose axes differ a thousandfold', () => {
  const curvature = [1, 30, 1000];
  const middle = [3, -2, 0.5];
  const quadratic: Objective = (x, gradient) => {
    let value = 0;
    for (const [i, c] of curvature.entries()) {
      const off = x[i]! - middle[i]!;
      gradient[i] = c * off;
      value += (c / 2) * off * off;
    }
    return value;
  };
  const start = new Float64Array(3);
  const found = minimise(quadratic, start, OPTIONS);
  for (const [i, at] of middle.entries()) expect(found[i]).toBeCloseTo(at, 5);
  expect([...start]).toEqual([0, 0, 0]);
  expect(minimise(quadratic, start, OPTIONS)).toEqual(found);
});

test('finds the log-odds of a coin, where it is known', () => {
  // 30 heads of 40: the log-odds are ln 3.
  const coin: Objective = (x, gradient) => {
    const t = x[0]!;
    gradient[0] = 40 / (1 + Math.exp(-t)) - 30;
    return 40 * Math.log1p(Math.exp(t)) - 30 * t;
  };
  expect(minimise(coin, Float64Array.of(-5), OPTIONS)[0]).toBeCloseTo(Math.log(3), 5);
});

test('stays at a minimum, and does no more than it may', () => {
  let calls = 0;
  const bowl: Objective = (x, gradient) => {
    calls++;
    gradient[0] = 2 * x[0]!;
    return x[0]! ** 2;
  };
  expect(minimise(bowl, Float64Array.of(0), OPTIONS)[0]).toBe(0);
  calls = 0;
  expect(minimise(bowl, Float64Array.of(7), { ...OPTIONS, iterations: 0 })[0]).toBe(7);
  expect(calls).toBe(1);
});
