import { describe, expect, test } from 'vitest';
import { isOutage } from './worker.ts';

describe('an error of Temporal', () => {
  const coded = (code: number) => Object.assign(new Error('14 UNAVAILABLE: connection refused'), { code });

  test('is an outage where the server is away, however deep that is told', () => {
    expect(isOutage(coded(14))).toBe(true);
    expect(isOutage(coded(4))).toBe(true);
    expect(isOutage(new Error('the schedule cannot be made', { cause: coded(14) }))).toBe(true);
  });

  test('is none where it says no', () => {
    expect(isOutage(coded(7))).toBe(false);
    expect(isOutage(new Error('the schedule cannot be made', { cause: coded(7) }))).toBe(false);
    expect(isOutage('14')).toBe(false);
  });
});
