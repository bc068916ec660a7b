import { expect, test } from 'vitest';
import { thinned } from './thin.ts';

const draws = (prefix: string, count: number, inclusion: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `${prefix}-${at}`, inclusion }));

test('denser draws are thinned to the rate of the rarest, the same ones every time', () => {
  const [rare, dense] = [draws('rare', 500, 0.01), draws('dense', 4000, 0.2)];
  const kept = thinned([...rare, ...dense]);
  expect(kept.filter(({ inclusion }) => inclusion === 0.01)).toEqual(rare);
  // 4000 · 0.01 / 0.2 = 200, with a standard deviation below 14.
  const left = kept.filter(({ inclusion }) => inclusion === 0.2).length;
  expect(left).toBeGreaterThan(150);
  expect(left).toBeLessThan(250);
  expect(thinned([...dense, ...rare]).length).toBe(kept.length);
});

test('equally likely draws all stay', () => {
  const all = draws('even', 100, 1);
  expect(thinned(all)).toEqual(all);
  expect(thinned([])).toEqual([]);
});
