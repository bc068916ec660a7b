import { expect, test } from 'vitest';
import { auroc, calibrationError, reliability } from './metrics.ts';

test('AUROC counts the pairs in the right order, ties half', () => {
  expect(auroc([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1])).toBe(1);
  expect(auroc([0.4, 0.3, 0.2, 0.1], [0, 0, 1, 1])).toBe(0);
  expect(auroc([0.5, 0.5, 0.5], [0, 1, 1])).toBe(0.5);
  // Of four pairs three are right, and one is a tie.
  expect(auroc([0.1, 0.4, 0.4, 0.9], [0, 0, 1, 1])).toBe(3.5 / 4);
  expect(auroc([0.1, 0.2], [1, 1])).toBeNull();
  expect(auroc([], [])).toBeNull();
});

test('reliability has bins of equally many, by confidence', () => {
  const bins = reliability([0.9, 0.1, 0.8, 0.2, 0.7], [1, 0, 1, 1, 0], 2);
  expect(bins.map(({ count }) => count)).toEqual([2, 3]);
  expect(bins[0]?.confidence).toBeCloseTo(0.15, 12);
  expect(bins[0]?.accuracy).toBe(0.5);
  expect(bins[1]?.confidence).toBeCloseTo(0.8, 12);
  expect(reliability([0.5], [1])).toHaveLength(1);
});

test('the calibration error is the bins’ mean distance, by their sizes', () => {
  expect(calibrationError([0.9, 0.1, 0.8, 0.2, 0.7], [1, 0, 1, 1, 0], 2)).toBeCloseTo(
    (2 * 0.35 + 3 * (0.8 - 2 / 3)) / 5,
    12,
  );
  expect(calibrationError([1, 0], [1, 0])).toBe(0);
  expect(calibrationError([], [])).toBe(0);
});
