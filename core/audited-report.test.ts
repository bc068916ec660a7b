import { describe, expect, test } from 'vitest';
import { uniformOf } from '../learning/random.ts';
import { auditedAccuracy, auditedBaseline, auditedWorth, type AuditedQuery } from './audited-report.ts';
import { exactly, NOTHING } from './spend.ts';
import type { StageFigures } from './stage-worth.ts';

const SMALL_COST = 100n;

interface Truth extends AuditedQuery {
  readonly draw: number;
  readonly largeCost: number;
  readonly stoppedHere: boolean;
}

/** Queries of a chain of two; those that stop at the first stage are shorter, and would have cost the last stage less. */
function queries(seed: number, count: number, share: number): Truth[] {
  const uniform = uniformOf(seed);
  return Array.from({ length: count }, () => {
    const inputTokens = Math.ceil(50 * uniform() ** -0.5);
    const stoppedHere = uniform() < 40 / inputTokens;
    const largeCost = Math.round(inputTokens * 10 + 2000 * uniform() ** 3);
    return {
      ...{ inclusion: share, draw: uniform(), inputTokens, largeCost, stoppedHere, lastStage: 1 },
      called: stoppedHere ? ['small'] : ['small', 'large'],
      endedAt: stoppedHere ? 0 : 1,
      bought: stoppedHere ? [{ stage: 1, model: 'large', cost: BigInt(largeCost) }] : [],
      servedCorrect: uniform() < 0.9,
      baselineCorrect: uniform() < 0.95,
      judgedBy: 'person',
    };
  });
}

function figuresOf(all: readonly Truth[]): StageFigures {
  const stopped = all.filter(({ stoppedHere }) => stoppedHere).length;
  const toGo = all.reduce((sum, { stoppedHere, largeCost }) => sum + (stoppedHere ? 0 : largeCost), 0);
  return {
    ...{ reached: all.length, stopped, endedHere: stopped, wentOn: all.length - stopped },
    ...{ serve: exactly(SMALL_COST * BigInt(all.length)), scoring: NOTHING, toGo: exactly(BigInt(toGo)) },
  };
}

function of(all: readonly Truth[]): {
  readonly baseline: ReturnType<typeof auditedBaseline>;
  readonly worth: ReturnType<typeof auditedWorth>;
  readonly trueCost: number;
  readonly trueBreakEven: number;
} {
  const audits = all.filter(({ draw, inclusion }) => draw < inclusion);
  const others = all.filter(({ stoppedHere }) => stoppedHere);
  const inputTokens = others.reduce((sum, one) => sum + (one.inputTokens ?? 0), 0);
  const own = figuresOf(all).toGo;
  const trueCost = all.reduce((sum, { largeCost }) => sum + largeCost, 0);
  return {
    baseline: auditedBaseline(audits, 'large', own, inputTokens),
    worth: auditedWorth(audits, 0, figuresOf(all)),
    trueCost,
    trueBreakEven: (Number(SMALL_COST) * all.length) / trueCost,
  };
}

describe('by audits of a twentieth of the queries', () => {
  const worlds = Array.from({ length: 80 }, (_, seed) => of(queries(seed, 3000, 0.05)));

  test('what always calling the last stage would have cost is inside its interval about 19 times in 20', () => {
    const covered = worlds.filter(
      ({ baseline, trueCost }) =>
        baseline !== null && baseline.low <= trueCost && trueCost <= Number(baseline.high),
    ).length;
    // Fewer than 71 of 80 have a probability below 0.02 at 0.95 each.
    expect(covered).toBeGreaterThanOrEqual(71);
    const widths = worlds.map(({ baseline, trueCost }) => Number(baseline!.high! - baseline!.low) / trueCost);
    expect(Math.max(...widths)).toBeLessThan(0.5);
  });

  test('so is the share from which the first stage pays', () => {
    const covered = worlds.filter(
      ({ worth, trueBreakEven }) =>
        worth !== null && worth.interval.low <= trueBreakEven && trueBreakEven <= Number(worth.interval.high),
    ).length;
    expect(covered).toBeGreaterThanOrEqual(71);
    for (const { worth } of worlds) {
      expect(worth!.interval.low).toBeLessThanOrEqual(worth!.breakEven!);
      expect(worth!.interval.high).toBeGreaterThanOrEqual(worth!.breakEven!);
    }
  });
});

test('nothing is claimed from fewer than 20 audits that called the model', () => {
  const { baseline, worth } = of(queries(1, 200, 0.05));
  expect(baseline).toBeNull();
  expect(worth).toBeNull();
});

test('where every query called the model there is nothing to estimate', () => {
  expect(auditedBaseline([], 'large', exactly(7n), 0)).toBeNull();
});

test('bounds of what was paid widen the interval, and leave no single figure', () => {
  const audits = queries(1, 100, 1);
  const others = audits.filter(({ stoppedHere }) => stoppedHere);
  const inputTokens = others.reduce((sum, one) => sum + (one.inputTokens ?? 0), 0);
  const spared = BigInt(others.reduce((sum, { largeCost }) => sum + largeCost, 0));
  expect(auditedBaseline(audits, 'large', { low: 5n, high: 9n }, inputTokens)).toMatchObject({
    ...{ estimate: null, low: spared + 5n, high: spared + 9n },
  });
  expect(auditedBaseline(audits, 'large', { low: 5n, high: null }, inputTokens)?.high).toBeNull();
});

test('with stages that may or may not have followed, the share lies between the next alone and all of them', () => {
  const audits: AuditedQuery[] = queries(1, 400, 1).map((query) => ({
    ...{ ...query, lastStage: 2, endedAt: 0, called: ['small'] },
    bought: [
      { stage: 1, model: 'medium', cost: 400n },
      { stage: 2, model: 'large', cost: 600n },
    ],
  }));
  const figures: StageFigures = {
    ...{ reached: 400, stopped: 400, endedHere: 400, wentOn: 0 },
    ...{ serve: exactly(SMALL_COST * 400n), scoring: NOTHING, toGo: NOTHING },
  };
  expect(auditedWorth(audits, 0, figures)).toEqual({
    ...{ audits: 400, stopped: 1, breakEven: null, interval: { low: 0.1, high: 0.25 }, verdict: 'above' },
  });
  expect(auditedWorth(audits, 2, figures)).toBeNull();
});

test('accuracy names its judges, and is held against the last stage where that is known', () => {
  const [one] = queries(1, 1, 0.5);
  const audit = (overrides: Partial<AuditedQuery>): AuditedQuery => ({
    ...one!,
    inclusion: 0.5,
    ...overrides,
  });
  const accuracy = auditedAccuracy([
    audit({ servedCorrect: true, baselineCorrect: true, judgedBy: 'last-stage' }),
    audit({ servedCorrect: false, baselineCorrect: true, judgedBy: 'person', inclusion: 0.25 }),
    audit({ servedCorrect: true, baselineCorrect: null, judgedBy: 'caller' }),
    audit({ servedCorrect: null, baselineCorrect: null, judgedBy: null }),
  ]);
  expect(accuracy?.judges).toEqual({ 'last-stage': 1, person: 1, caller: 1 });
  expect(accuracy?.served).toMatchObject({ audits: 3, estimate: 0.5 });
  expect(accuracy?.baseline).toMatchObject({ audits: 2, estimate: 1 });
  expect(accuracy?.gain?.estimate).toBeCloseTo(-2 / 3);
  expect(auditedAccuracy([])).toBeNull();
});
