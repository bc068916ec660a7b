import { describe, expect, test } from 'vitest';
import { estimateGain, estimateShare, estimateTotal, type Audited } from './audit-estimate.ts';
import { betaAtMost, betaQuantile } from './beta.ts';
import { sliceAccuracies } from './slice-accuracy.ts';

/** Mulberry32: the same numbers on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Query {
  /** Of the first stage, which is always called, and of the last, in dollars; skewed, and one goes with the other. */
  readonly paid: number;
  readonly cost: number;
  /** Whether the cascade called it. */
  readonly escalated: boolean;
  readonly served: boolean;
  readonly baseline: boolean;
}

/** A fully recorded set: what every query would have cost and said. */
const queries = (() => {
  const next = random(1);
  return Array.from({ length: 5000 }, (): Query => {
    const hard = next() < 0.25;
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const paid = 0.0001 * Math.exp(0.6 * normal());
    const cost = 20 * paid * Math.exp(0.4 * normal());
    const baseline = next() < (hard ? 0.85 : 0.98);
    return {
      paid,
      cost: hard ? 2 * cost : cost,
      escalated: hard,
      baseline,
      served: next() < 0.03 ? !baseline : baseline,
    };
  });
})();

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const RESAMPLES = 200;

/** In how many of the resamples, each with its own audits, an interval holds the truth. */
function covered(
  share: (query: Query, at: number) => number,
  truth: number,
  of: (audits: readonly Audited<Query>[]) => { low: number; high: number } | null,
): number {
  let hits = 0;
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const next = random(1000 + resample);
    const audits = queries.flatMap((value, at) => {
      const inclusion = share(value, at);
      return next() < inclusion ? [{ value, inclusion }] : [];
    });
    const interval = of(audits);
    if (interval !== null && interval.low <= truth && truth <= interval.high) hits++;
  }
  return hits;
}

/** 95% of 200, less two standard deviations of that count. */
const ENOUGH = 184;

const values = <Value>(audits: readonly Audited<Query>[], of: (query: Query) => Value): Audited<Value>[] =>
  audits.map(({ value, inclusion }) => ({ value: of(value), inclusion }));

const accepted = queries.filter(({ escalated }) => !escalated);
const sizeOfAccepted = accepted.reduce((sum, { paid }) => sum + paid, 0);
const sized = (audits: readonly Audited<Query>[]) =>
  audits
    .filter(({ value }) => !value.escalated)
    .map(({ value, inclusion }) => ({ value: value.cost, size: value.paid, inclusion }));

describe.each([
  ['1%', () => 0.01],
  ['5%', () => 0.05],
  ['1% that became 5%', (_query: Query, at: number) => (at < 2500 ? 0.01 : 0.05)],
])('from audits of %s the truth of the whole set is covered: of', (_name, share) => {
  test('the cost of the baseline, where what escalated queries paid is known', () => {
    const known = queries.filter(({ escalated }) => escalated).reduce((sum, { cost }) => sum + cost, 0);
    const truth = queries.reduce((sum, { cost }) => sum + cost, 0);
    const hits = covered(share, truth, (audits) => estimateTotal(sized(audits), sizeOfAccepted, known));
    expect(hits).toBeGreaterThanOrEqual(ENOUGH);
  });

  test('what accepted queries would have cost from there on', () => {
    const truth = accepted.reduce((sum, { cost }) => sum + cost, 0);
    const hits = covered(share, truth, (audits) => estimateTotal(sized(audits), sizeOfAccepted, 0));
    expect(hits).toBeGreaterThanOrEqual(ENOUGH);
  });

  test('the accuracy of what was served', () => {
    const truth = mean(queries.map(({ served }) => Number(served)));
    const hits = covered(share, truth, (audits) => estimateShare(values(audits, ({ served }) => served)));
    expect(hits).toBeGreaterThanOrEqual(ENOUGH);
  });

  test('its difference to the baseline, though few queries differ', () => {
    const truth = mean(queries.map(({ served, baseline }) => Number(served) - Number(baseline)));
    const hits = covered(share, truth, estimateGain);
    expect(hits).toBeGreaterThanOrEqual(ENOUGH);
  });
});

describe('an estimate', () => {
  test('is not a plain mean where chances differ and go with the value', () => {
    const audits = Array.from({ length: 60 }, (_, at) =>
      at < 50 ? { value: 1, size: 1, inclusion: 0.5 } : { value: 11, size: 1, inclusion: 0.1 },
    );
    // 100 queries of 1 and 100 of 11.
    expect(estimateTotal(audits, 200, 0)?.estimate).toBeCloseTo(1200, 8);
  });

  test('of a whole population has no doubt; of too few audits there is none', () => {
    const all = Array.from({ length: 30 }, (_, value) => ({ value, size: 1, inclusion: 1 }));
    expect(estimateTotal(all, 30, 5)).toEqual({ audits: 30, estimate: 440, low: 440, high: 440 });
    expect(estimateTotal(all.slice(0, 19), 30, 0)).toBeNull();
    expect(estimateTotal([], 0, 7)).toMatchObject({ estimate: 7, low: 7, high: 7 });
    expect(estimateShare([])).toMatchObject({ low: 0, high: 1 });
  });

  test('of a share is Clopper and Pearson’s: 10 of 100, and 0 of 20', () => {
    const of = (hits: number, n: number) =>
      estimateShare(Array.from({ length: n }, (_, at) => ({ value: at < hits, inclusion: 0.02 })));
    expect(of(10, 100).low).toBeCloseTo(0.049, 4);
    expect(of(10, 100).high).toBeCloseTo(0.1762, 4);
    expect(of(0, 20)).toMatchObject({ estimate: 0, low: 0 });
    expect(of(0, 20).high).toBeCloseTo(1 - 0.025 ** (1 / 20), 10);
    expect(of(20, 20)).toMatchObject({ estimate: 1, high: 1 });
  });

  test.each([0, -0.1, 1.1, Number.NaN])('refuses a chance of %s', (inclusion) => {
    expect(() => estimateShare([{ value: true, inclusion }])).toThrow(RangeError);
  });
});

describe('the distribution', () => {
  test('of beta: its median where it is even, and a polynomial where it is one', () => {
    expect(betaQuantile(0.5, 2, 2)).toBeCloseTo(0.5, 12);
    // I_x(2, 3) = 6x² − 8x³ + 3x⁴.
    for (const x of [0.1, 0.4, 0.9])
      expect(betaAtMost(x, 2, 3)).toBeCloseTo(6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4, 12);
  });
});

describe('slices', () => {
  const answers = (right: number, wrong: number): Audited<boolean>[] =>
    Array.from({ length: right + wrong }, (_, at) => ({ value: at < right, inclusion: 0.05 }));

  test('are judged all at once; the worst is named, and one with few labels is not judged', () => {
    const { slices, worst } = sliceAccuracies([
      { slice: 'mail', answers: answers(95, 5) },
      { slice: 'chat', answers: answers(79, 21) },
      { slice: 'fax', answers: answers(9, 40) },
    ]);
    expect(worst).toBe('chat');
    expect(slices[2]).toEqual({ slice: 'fax', labels: 49, accuracy: null });
    const alone = sliceAccuracies([{ slice: 'chat', answers: answers(79, 21) }]).slices[0]!.accuracy!;
    expect(slices[1]!.accuracy!.low).toBeLessThan(alone.low);
    expect(sliceAccuracies([]).worst).toBeNull();
  });

  test('twenty equal ones: all intervals hold in at least 95% of the draws', () => {
    let allHold = 0;
    for (let draw = 0; draw < RESAMPLES; draw++) {
      const next = random(5000 + draw);
      const { slices } = sliceAccuracies(
        Array.from({ length: 20 }, (_, at) => ({
          slice: String(at),
          answers: Array.from({ length: 60 }, () => ({ value: next() < 0.93, inclusion: 0.05 })),
        })),
      );
      if (slices.every(({ accuracy }) => accuracy!.low <= 0.93 && accuracy!.high >= 0.93)) allHold++;
    }
    expect(allHold).toBeGreaterThanOrEqual(0.95 * RESAMPLES);
  });
});
