import { describe, expect, test } from 'vitest';
import { binomialAtMost } from '../../core/binomial.ts';
import { uniformOf } from '../random.ts';
import { bettingPValue, planBets, type Gains } from './betting-test.ts';
import type { Tally } from './outcomes.ts';
import { smallestSample } from './path-test.ts';

const RUNS = 1000;

/** p-values of samples whose marks have these chances. */
function pValues(gains: Gains, chances: { good: number; bad: number }, pilot: Tally, n = 200): number[] {
  const bets = planBets(gains, pilot);
  const uniform = uniformOf(11);
  return Array.from({ length: RUNS }, () => {
    const marks = Int8Array.from({ length: n }, () => {
      const drawn = uniform();
      return drawn < chances.good ? -1 : drawn < chances.good + chances.bad ? 1 : 0;
    });
    return bettingPValue(marks, bets, 0.1);
  });
}

const regret = (alpha: number): Gains => ({ good: alpha + 1, neutral: alpha, bad: alpha - 1 });
const selective = (alpha: number): Gains => ({ good: alpha, neutral: 0, bad: alpha - 1 });

/** That so many of `RUNS` are no more than chance allows where each has probability `share`: less than 1 in 1,000 beyond. */
function expectAtMost(count: number, share: number): void {
  expect(1 - binomialAtMost(count - 1, RUNS, share)).toBeGreaterThan(0.001);
}

describe('where the mean is exactly at the bound, p-values are small no more often than they may be', () => {
  test.each<[string, Gains, { good: number; bad: number }, Tally]>([
    ['regret', regret(0.02), { good: 0.01, bad: 0.03 }, { good: 10, neutral: 960, bad: 30 }],
    ['regret, nothing gained', regret(0.05), { good: 0, bad: 0.05 }, { good: 0, neutral: 950, bad: 50 }],
    ['selective', selective(0.1), { good: 0.63, bad: 0.07 }, { good: 630, neutral: 300, bad: 70 }],
    // Bets that were planned on data that promised too much.
    ['misled', regret(0.02), { good: 0.01, bad: 0.03 }, { good: 200, neutral: 800, bad: 0 }],
    ['no data', selective(0.1), { good: 0.9, bad: 0.1 }, { good: 0, neutral: 0, bad: 0 }],
  ])('%s', (_name, gains, chances, pilot) => {
    const values = pValues(gains, chances, pilot);
    for (const level of [0.02, 0.05, 0.1, 0.2, 0.5]) {
      expectAtMost(values.filter((value) => value <= level).length, level);
    }
  });
});

test('where it is below, the test finds it: more often than an exact test of the accepted would', () => {
  const chances = { good: 0.784, bad: 0.016 };
  const values = pValues(selective(0.05), chances, { good: 784, neutral: 200, bad: 16 }, 254);
  const power = values.filter((value) => value <= 0.1).length / RUNS;
  expect(power).toBeGreaterThan(0.75);
});

test('without a loss, the smallest sample certifies', () => {
  const bets = planBets(regret(0.02), { good: 0, neutral: 500, bad: 0 });
  expect(smallestSample(0.02, 0.1)).toBe(114);
  expect(bettingPValue(new Int8Array(114), bets, 0.1)).toBeLessThanOrEqual(0.1);
  expect(bettingPValue(new Int8Array(113), bets, 0.1)).toBeGreaterThan(0.1);
});

test('no queries are no evidence', () => {
  expect(bettingPValue(new Int8Array(), planBets(regret(0.1), { good: 1, neutral: 1, bad: 1 }), 0.1)).toBe(1);
});
