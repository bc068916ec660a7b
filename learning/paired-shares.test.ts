import { describe, expect, test } from 'vitest';
import { pairedShares, sharesNeeded } from './paired-shares.ts';

const differences = (same: number, better: number, worse: number): number[] => [
  ...Array<number>(same).fill(0),
  ...Array<number>(better).fill(1),
  ...Array<number>(worse).fill(-1),
];

describe('the interval of a difference of shares', () => {
  test('keeps its width where no answer differs: z² / (n + z²)', () => {
    const { mean, low, high } = pairedShares(differences(30, 0, 0));
    expect(mean).toBe(0);
    expect(high).toBeCloseTo(1.96 ** 2 / (30 + 1.96 ** 2), 6);
    expect(low).toBeCloseTo(-high, 9);
    expect(pairedShares([])).toMatchObject({ low: -1, high: 1 });
  });

  test('is as wide as one by the normal distribution where many differ', () => {
    const { low, high } = pairedShares(differences(700, 200, 100));
    expect(low).toBeCloseTo(0.1 - 0.0336, 2);
    expect(high).toBeCloseTo(0.1 + 0.0336, 2);
  });

  test.each([
    [30, 0.02, 0],
    [30, 0.05, 0.02],
    [60, 0.05, 0.05],
    [120, 0.02, 0],
    [120, 0.02, 0.01],
    [240, 0.02, 0],
    [240, 0.03, 0.02],
  ])(
    'of %i queries misses the truth on each side in one of forty sets at most: %f better, %f worse',
    (n, better, worse) => {
      let [below, above] = [0, 0];
      for (let up = 0; up <= Math.min(n, 30); up++) {
        for (let down = 0; up + down <= n && down <= 30; down++) {
          if (worse === 0 && down > 0) break;
          const { low, high } = pairedShares(differences(n - up - down, up, down));
          const chance = multinomial(n, up, down, better, worse);
          if (high < better - worse) below += chance;
          if (low > better - worse) above += chance;
        }
      }
      expect(below).toBeLessThan(0.026);
      expect(above).toBeLessThan(0.026);
    },
  );

  test('says how many queries are missing', () => {
    const few = pairedShares(differences(30, 0, 0));
    const needed = 30 + sharesNeeded(few, 0.01)!;
    expect(pairedShares(differences(needed, 0, 0)).high).toBeLessThanOrEqual(0.01);
    expect(pairedShares(differences(needed - 1, 0, 0)).high).toBeGreaterThan(0.01);
    expect(sharesNeeded(pairedShares(differences(9, 1, 0)), 0.1)).toBeNull();
  });
});

/** The chance of so many queries of each kind. */
function multinomial(n: number, up: number, down: number, better: number, worse: number): number {
  const logs = (from: number, count: number): number =>
    Array.from({ length: count }, (_, at) => Math.log(from - at) - Math.log(at + 1)).reduce(
      (a, b) => a + b,
      0,
    );
  const power = (share: number, count: number): number => (count === 0 ? 0 : count * Math.log(share));
  return Math.exp(
    logs(n, up) +
      logs(n - up, down) +
      power(better, up) +
      power(worse, down) +
      power(1 - better - worse, n - up - down),
  );
}
