import { expect, test } from 'vitest';
import { fixedSequence } from './fixed-sequence.ts';

test('it stops at the first point that is not rejected, and looks at none behind it', () => {
  const seen: number[] = [];
  const result = fixedSequence(4, 0.1, (point) => {
    seen.push(point);
    return [0, 0.1, 0.11, 0][point]!;
  });
  expect(result).toEqual({ last: 1, pValues: [0, 0.1, 0.11] });
  expect(seen).toEqual([0, 1, 2]);
});

test('all points, or none', () => {
  expect(fixedSequence(2, 0.1, () => 0.01).last).toBe(1);
  expect(fixedSequence(2, 0.1, () => 0.5)).toEqual({ last: null, pValues: [0.5] });
});

test('a path has 1 to 50 points', () => {
  expect(() => fixedSequence(0, 0.1, () => 0)).toThrow(RangeError);
  expect(() => fixedSequence(51, 0.1, () => 0)).toThrow('the path has 51 points');
});
