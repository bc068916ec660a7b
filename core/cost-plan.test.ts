import { describe, expect, test } from 'vitest';
import { breakEvenAcceptance, planCascade, planSplit, type PlannedTraffic } from './cost-plan.ts';
import { formatUsd } from './money.ts';

const deepseek = { input: '0.28', output: '0.42' };
const haiku = { input: '1', output: '5' };
const sonnet = { input: '3', output: '15' };
const traffic: PlannedTraffic = {
  requests: 10_000_000,
  inputTokens: 750,
  outputTokens: 250,
  cachedShare: 0,
  retryRate: 0,
  escalatedLength: 1,
  scorerUsd: '0',
};
const stage = (model: string, rates: typeof haiku, acceptance = 1) => ({ model, rates, acceptance });
const totalOf = (...chain: ReturnType<typeof stage>[]) => formatUsd(planCascade(traffic, chain).total);

describe('ten million requests of 750 input and 250 output tokens', () => {
  test('one model', () => {
    expect(totalOf(stage('sonnet', sonnet))).toBe('60000');
    expect(planCascade(traffic, [stage('sonnet', sonnet)]).paidTwice).toBe(0n);
    expect(formatUsd(planCascade(traffic, [stage('sonnet', sonnet)]).blendedPerMtok)).toBe('6');
  });

  test('splits before the call', () => {
    expect(
      formatUsd(
        planSplit(traffic, [
          { rates: haiku, share: 0.7 },
          { rates: sonnet, share: 0.3 },
        ]),
      ),
    ).toBe('32000');
    const three = [
      { rates: deepseek, share: 0.5 },
      { rates: haiku, share: 0.4 },
      { rates: sonnet, share: 0.1 },
    ];
    expect(formatUsd(planSplit(traffic, three))).toBe('15575');
    expect(() => planSplit(traffic, three.slice(1))).toThrow(/add up to 0.5/);
  });

  test('cascades', () => {
    const straight = planCascade(traffic, [stage('deepseek', deepseek, 0.7), stage('sonnet', sonnet)]);
    expect(formatUsd(straight.total)).toBe('21150');
    expect(formatUsd(straight.paidTwice)).toBe('945');
    expect(straight.stages.map(({ reached }) => Number(reached.toFixed(9)))).toEqual([1, 0.3]);
    expect(totalOf(stage('deepseek', deepseek, 0.7), stage('haiku', haiku))).toBe('9150');
    expect(
      totalOf(stage('deepseek', deepseek, 0.7), stage('haiku', haiku, 0.7), stage('sonnet', sonnet)),
    ).toBe('14550');
  });

  test('break-even', () => {
    expect(breakEvenAcceptance(traffic, deepseek, sonnet)).toBeCloseTo(0.0525, 12);
    expect(breakEvenAcceptance({ ...traffic, scorerUsd: '0.006' }, deepseek, sonnet)).toBeGreaterThan(1);
  });

  test('at the break-even rate a cascade costs what its last model costs alone', () => {
    const rate = breakEvenAcceptance(traffic, deepseek, sonnet);
    expect(totalOf(stage('deepseek', deepseek, rate), stage('sonnet', sonnet))).toBe('60000');
  });

  test('scoring, caching, retries and longer escalated queries are in the figures', () => {
    const chain = [
      stage('deepseek', { ...deepseek, cachedInput: '0.028' } as typeof deepseek, 0.7),
      stage('sonnet', sonnet),
    ];
    const plan = planCascade(
      { ...traffic, cachedShare: 1, retryRate: 0.1, escalatedLength: 2, scorerUsd: '0.0001' },
      chain,
    );
    // deepseek: 750 × 0.028 + 250 × 0.42 = 126 µ$ × 1.1 × 10M = 1386; scoring 0.0001 × 10M = 1000.
    // sonnet has no cache rate: 750 × 3 + 500 × 15 = 9750 µ$ × 1.1 × 3M = 32175.
    expect(plan.stages.map(({ cost, scoring }) => [formatUsd(cost), formatUsd(scoring)])).toEqual([
      ['1386', '1000'],
      ['32175', '0'],
    ]);
    // Not served: deepseek's 1386 − 126 µ$ × 7M = 504, its scoring, and sonnet's retries 2925.
    expect(formatUsd(plan.paidTwice)).toBe('4429');
  });

  test('impossible figures are named', () => {
    expect(() => planCascade(traffic, [])).toThrow(/empty/);
    expect(() => planCascade(traffic, [stage('deepseek', deepseek, 1.2), stage('s', sonnet)])).toThrow(
      /deepseek is 1.2/,
    );
    expect(() => planCascade({ ...traffic, requests: -1 }, [stage('s', sonnet)])).toThrow(/requests is -1/);
  });
});
