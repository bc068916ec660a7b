import { expect, test } from 'vitest';
import { uniformOf } from '../learning/random.ts';
import { shiftOf, shiftTexts, type ShiftSample } from './shift.ts';

const BINS = 50;

/** Confidences that are uniform to a power; those above 1/2 are accepted. */
function sampleOf(seed: number, queries: number, power: number): ShiftSample {
  const uniform = uniformOf(seed);
  const confidences = new Array<number>(BINS).fill(0);
  let accepted = 0;
  for (let query = 0; query < queries; query++) {
    const value = uniform() ** power;
    confidences[Math.floor(value * BINS)]! += 1;
    if (value > 0.5) accepted++;
  }
  return { queries, accepted, confidences };
}

test('samples alike are rarely found to differ', () => {
  const RUNS = 400;
  const shifts = Array.from({ length: RUNS }, (_, run) =>
    shiftOf(sampleOf(2 * run, 300, 1), sampleOf(2 * run + 1, 900, 1)),
  );
  for (const level of [0.05, 0.2]) {
    const most = RUNS * level + 3 * Math.sqrt(RUNS * level * (1 - level));
    expect(shifts.filter(({ confidencePValue: p }) => p! <= level).length).toBeLessThanOrEqual(most);
    expect(shifts.filter(({ acceptancePValue: p }) => p! <= level).length).toBeLessThanOrEqual(most);
  }
});

test('a change of the distribution shows in both', () => {
  const shift = shiftOf(sampleOf(1, 400, 2), sampleOf(2, 2000, 1));
  expect(shiftTexts(shift)).toEqual([
    expect.stringMatching(/^the distribution of confidences .* \(Kolmogorov-Smirnov, p = \d\.\de-\d+\)$/),
    expect.stringMatching(/^the share of accepted answers .* \(z-test, p = \d\.\de-\d+\)$/),
  ]);
  expect(shiftTexts({ confidencePValue: 0.001, acceptancePValue: null })).toEqual([]);
});

test('known values: two shares two standard errors apart, which is a distance of 0.1 between two bins', () => {
  const of = (accepted: number): ShiftSample => ({
    queries: 200,
    accepted,
    confidences: [200 - accepted, accepted],
  });
  const { acceptancePValue, confidencePValue } = shiftOf(of(110), of(90));
  expect(acceptancePValue).toBeCloseTo(0.0455, 4);
  // 2 · exp(−2 · ((10 + 0.12 + 0.011) · 0.1)²) and three terms that hardly count.
  expect(confidencePValue).toBeCloseTo(0.2562, 3);
});

test('of few queries nothing is said', () => {
  expect(shiftOf(sampleOf(1, 99, 1), sampleOf(2, 2000, 3))).toEqual({
    confidencePValue: null,
    acceptancePValue: null,
  });
});
