import { describe, expect, test } from 'vitest';
import { uniformOf } from '../learning/random.ts';
import {
  anytimePValue,
  eValue,
  NO_EVIDENCE,
  observeLoss,
  type EProcess,
  type LossWatch,
} from './e-process.ts';

const watch: LossWatch = { alpha: 0.05, low: 0, high: 1, minInclusion: 1 };
const RUNS = 300;

function follow(of: LossWatch, losses: readonly number[]): EProcess {
  return losses.reduce((state, loss) => observeLoss(of, state, loss), NO_EVIDENCE);
}

test('money is conserved: what a fair loss is expected to leave is what there was', () => {
  let state = NO_EVIDENCE;
  for (const loss of [0, 0, 1, 0, 1, 0]) {
    const expected =
      watch.alpha * eValue(observeLoss(watch, state, 1)) +
      (1 - watch.alpha) * eValue(observeLoss(watch, state, 0));
    expect(expected).toBeCloseTo(eValue(state), 12);
    state = observeLoss(watch, state, loss);
  }
});

test('the state survives JSON', () => {
  const state = follow(watch, [0, 1, 1]);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(JSON.parse(JSON.stringify(NO_EVIDENCE))).toEqual(NO_EVIDENCE);
});

describe('alarms at δ = 0.1', () => {
  const isAlarm = (state: EProcess): boolean => anytimePValue(state) <= 0.1;

  test('are false in at most one of ten watches whose mean is exactly α', () => {
    let alarms = 0;
    for (let run = 0; run < RUNS; run++) {
      const uniform = uniformOf(run);
      const losses = Array.from({ length: 1000 }, () => (uniform() < watch.alpha ? 1 : 0));
      if (isAlarm(follow(watch, losses))) alarms++;
    }
    // More than 43 of 300 have a probability below 0.01 at 0.1 each.
    expect(alarms).toBeLessThanOrEqual(43);
  });

  test('come soon after a change, though it comes late', () => {
    const delays = Array.from({ length: 50 }, (_, run) => {
      const uniform = uniformOf(run);
      let state = NO_EVIDENCE;
      for (let time = 0; time < 3000; time++) {
        const mean = time < 1000 ? 0.02 : 0.15;
        state = observeLoss(watch, state, uniform() < mean ? 1 : 0);
        if (isAlarm(state)) return time - 1000;
      }
      return Infinity;
    }).sort((a, b) => a - b);
    expect(delays[0]).toBeGreaterThan(0);
    expect(delays[25]).toBeLessThan(200);
    expect(delays[45]).toBeLessThan(400);
  });

  test('are of all queries, though those likelier to be wrong are observed more often', () => {
    const audited: LossWatch = { ...watch, alpha: 0.1, minInclusion: 0.1 };
    // A tenth of the queries is hard: wrong half of the time, always observed. Of the others a tenth is, and 1 in 18 is wrong:
    // 10% of all are wrong, and 29% of those that are observed.
    let [alarms, naive] = [0, 0];
    for (let run = 0; run < RUNS; run++) {
      const uniform = uniformOf(1000 + run);
      let [weighted, plain] = [NO_EVIDENCE, NO_EVIDENCE];
      for (let query = 0; query < 1500; query++) {
        const hard = uniform() < 0.1;
        const inclusion = hard ? 1 : 0.1;
        const isObserved = uniform() < inclusion;
        const loss = uniform() < (hard ? 0.5 : 1 / 18) ? 1 : 0;
        if (!isObserved) continue;
        weighted = observeLoss(audited, weighted, loss, inclusion);
        plain = observeLoss(audited, plain, loss);
      }
      if (isAlarm(weighted)) alarms++;
      if (isAlarm(plain)) naive++;
    }
    expect(alarms).toBeLessThanOrEqual(43);
    expect(naive).toBeGreaterThan(290);
  });
});

test('what could cost more than the bet is refused', () => {
  expect(() => observeLoss(watch, NO_EVIDENCE, 2)).toThrow('a loss is 2: the range is 0 to 1');
  expect(() => observeLoss(watch, NO_EVIDENCE, 1, 0.5)).toThrow('an inclusion is 0.5: the range is 1 to 1');
  expect(() => observeLoss({ ...watch, alpha: 0 }, NO_EVIDENCE, 0)).toThrow('alpha is 0');
});
