import { describe, expect, it } from 'vitest';
import { compareArms, type CanaryQuery } from './canary-report.ts';
import { parseUsd } from './money.ts';
import { exactly } from './spend.ts';

const CAP = parseUsd('0.01');

function queryOf(canary: boolean, overrides: Partial<CanaryQuery> & { usd?: string } = {}): CanaryQuery {
  const { usd = '0.001', ...rest } = overrides;
  return {
    canary,
    outcome: 'accepted',
    cost: exactly(parseUsd(usd)),
    escalated: false,
    correct: null,
    labelledAt: null,
    ...rest,
  };
}

/** A fixed sequence of numbers in [0, 1): the same at every run. */
function randoms(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  });
}

describe('compareArms', () => {
  it('sums up each arm', () => {
    const report = compareArms(
      [
        queryOf(false, { usd: '0.002', escalated: true, correct: true, labelledAt: new Date(0) }),
        queryOf(false, { outcome: 'budget' }),
        queryOf(true, { usd: '0.0005', correct: false, labelledAt: new Date(1) }),
        queryOf(true, { outcome: null, usd: '0.5' }),
      ],
      CAP,
    );
    expect(report.current).toEqual({
      queries: 2,
      running: 0,
      byOutcome: { accepted: 1, budget: 1 },
      spend: exactly(parseUsd('0.003')),
      escalated: 1,
      labelled: 1,
      correct: 1,
    });
    expect(report.canary).toMatchObject({
      queries: 2,
      running: 1,
      spend: exactly(parseUsd('0.0005')),
      correct: 0,
    });
    expect(report.cutAtCap).toBe(0);
  });

  it('finds a difference in cost and in accuracy that is there, and its sign is canary − current', () => {
    const costs = randoms(2_000, 1);
    const labels = randoms(2_000, 2);
    const queries = costs.map((random, at) => {
      const canary = at % 2 === 0;
      return queryOf(canary, {
        usd: (canary ? 0.001 + random * 0.001 : 0.006 + random * 0.001).toFixed(6),
        correct: (labels[at] ?? 0) < (canary ? 0.9 : 0.5),
        labelledAt: new Date(at),
      });
    });
    const { costDifference, accuracyDifference } = compareArms(queries, CAP);
    expect(costDifference).toMatchObject({ current: 1000, canary: 1000 });
    expect(costDifference?.low).toBeLessThan(-0.005);
    expect(costDifference?.high).toBeGreaterThan(-0.005);
    expect(costDifference?.high).toBeLessThan(-0.004);
    expect(accuracyDifference?.low).toBeGreaterThan(0.25);
    expect(accuracyDifference?.high).toBeLessThan(0.55);
  });

  it('holds whenever one looks: with equal arms 0 is never outside, over 200 sequences but for some 5%', () => {
    const outside = Array.from({ length: 200 }, (_, seed) => {
      const queries = randoms(240, seed + 10).map((random, at) =>
        queryOf(at % 2 === 0, { usd: (random * 0.01).toFixed(6) }),
      );
      return [30, 60, 120, 240].some((looked) => {
        const { costDifference } = compareArms(queries.slice(0, looked), CAP);
        return costDifference === null || costDifference.low > 0 || costDifference.high < 0;
      });
    }).filter(Boolean).length;
    expect(outside).toBeLessThanOrEqual(10);
  });

  it('reads costs up to the first query that still runs: a dear one must not come after cheaper ones', () => {
    const queries = [
      queryOf(false),
      queryOf(true),
      queryOf(false, { outcome: null }),
      queryOf(true),
      queryOf(false),
    ];
    expect(compareArms(queries, CAP).costDifference).toMatchObject({ current: 1, canary: 1 });
  });

  it('takes labels in the order in which they came', () => {
    const labelled = [3, 1, 2, 0].map((at) =>
      queryOf(at % 2 === 0, { correct: at < 2, labelledAt: new Date(at) }),
    );
    const inOrder = [...labelled].sort((a, b) => Number(a.labelledAt) - Number(b.labelledAt));
    expect(compareArms(labelled, CAP).accuracyDifference).toEqual(
      compareArms(inOrder, CAP).accuracyDifference,
    );
  });

  it('counts a cost that nothing bounds with all that it can be, and says so', () => {
    const unbounded = queryOf(true, { cost: { low: 0n, high: null } });
    const many = Array.from({ length: 300 }, () => [queryOf(false), unbounded]).flat();
    const report = compareArms(many, CAP);
    expect(report.cutAtCap).toBe(300);
    expect(report.costDifference?.low).toBeLessThan(0);
    expect(report.costDifference?.high).toBeGreaterThan(0.008);
  });

  it('claims nothing without a cap, or without labels on both sides', () => {
    const report = compareArms(
      [queryOf(false, { correct: true, labelledAt: new Date(0) }), queryOf(true)],
      null,
    );
    expect(report).toMatchObject({ costDifference: null, costCapUsd: null, accuracyDifference: null });
  });
});
