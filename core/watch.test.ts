import { describe, expect, test } from 'vitest';
import { uniformOf } from '../learning/random.ts';
import {
  ALL_QUERIES,
  alarmText,
  claimOf,
  levelOf,
  lossOf,
  NOTHING_WATCHED,
  watchAudit,
  type Alarm,
  type WatchClaim,
  type WatchedAudit,
  type WatchState,
} from './watch.ts';

const claim: WatchClaim = { loss: 'harm', alpha: 0.05, judge: 'last-stage', audit: { share: 0.02 } };

function auditOf(overrides: Partial<WatchedAudit> = {}): WatchedAudit {
  const servedAgrees = overrides.servedAgrees === undefined ? true : overrides.servedAgrees;
  return {
    queryId: 'query',
    endedAt: '2026-03-01T00:00:00.000Z',
    tags: {},
    inclusion: 0.02,
    accepted: true,
    servedAgrees,
    servedCorrect: servedAgrees,
    baselineCorrect: servedAgrees === null ? null : true,
    judgedBy: servedAgrees === null ? null : 'last-stage',
    ...overrides,
  };
}

/** Audits of four slices; a twentieth of the queries is of the last. */
function watchStream(
  seed: number,
  length: number,
  lossAt: (slice: string, at: number) => number,
): { readonly state: WatchState; readonly alarms: readonly (Alarm & { readonly after: number })[] } {
  const uniform = uniformOf(seed);
  let state = NOTHING_WATCHED;
  const alarms: (Alarm & { after: number })[] = [];
  for (let at = 0; at < length; at++) {
    const draw = uniform();
    const topic = draw < 0.4 ? 'a' : draw < 0.8 ? 'b' : draw < 0.95 ? 'c' : 'd';
    const audit = auditOf({ tags: { topic }, servedAgrees: uniform() >= lossAt(topic, at) });
    const watched = watchAudit(claim, state, audit);
    state = watched.state;
    alarms.push(...watched.alarms.map((alarm) => ({ ...alarm, after: at + 1 })));
  }
  return { state, alarms };
}

describe('alarms', () => {
  test('are false in at most a twentieth of 200 streams whose loss is just what was promised', () => {
    const streams = Array.from({ length: 200 }, (_, seed) => watchStream(seed, 1000, () => claim.alpha));
    // More than 17 of 200 have a probability below 0.02 at 0.05 each.
    expect(streams.filter(({ alarms }) => alarms.length > 0).length).toBeLessThanOrEqual(17);
  });

  test('name the slice that went bad, though the mean over all stays below what was promised', () => {
    const delays = Array.from({ length: 12 }, (_, seed) => {
      const { alarms } = watchStream(500 + seed, 3000, (topic, at) =>
        topic === 'd' && at > 1000 ? 0.4 : 0.02,
      );
      expect(alarms.map(({ slice }) => slice)).toEqual(['topic=d']);
      return alarms[0]!.after - 1000;
    }).sort((a, b) => a - b);
    expect(delays[6]).toBeLessThan(600);
  });

  test('stay, and are raised once', () => {
    const { state, alarms } = watchStream(1, 400, () => 0.5);
    expect(alarms.filter(({ slice }) => slice === ALL_QUERIES)).toHaveLength(1);
    expect(state[ALL_QUERIES]?.alarmAt).toBe('2026-03-01T00:00:00.000Z');
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(alarmText(alarms[0]!)).toMatch(
      /^the harm of (all queries|queries with topic=\w) is above 5.0%: [\d.]+% in \d+ audits, as judged by last-stage \(\d+\)$/,
    );
  });

  test('come as soon in a slice that is audited more densely, though an audit of it stands for fewer queries', () => {
    const untilAlarm = (inclusion: number): number => {
      const dense: WatchClaim = { ...claim, audit: { share: 0.02, slices: { 'topic=d': inclusion } } };
      let state = NOTHING_WATCHED;
      for (let audits = 1; ; audits++) {
        const audit = auditOf({ tags: { topic: 'd' }, inclusion, servedAgrees: audits % 4 > 0 });
        const watched = watchAudit(dense, state, audit);
        if (watched.alarms.some(({ slice }) => slice === 'topic=d')) return audits;
        ({ state } = watched);
      }
    };
    expect([0.02, 0.2, 1].map(untilAlarm)).toEqual([untilAlarm(0.02), untilAlarm(0.02), untilAlarm(0.02)]);
  });

  test('share one level, however many slices come', () => {
    const levels = Array.from({ length: 101 }, (_, place) => levelOf(place));
    expect(levels.reduce((a, b) => a + b)).toBeLessThanOrEqual(0.05);
    let state = NOTHING_WATCHED;
    for (let customer = 0; customer < 150; customer++) {
      ({ state } = watchAudit(claim, state, auditOf({ tags: { customer: String(customer) } })));
    }
    expect(Object.keys(state)).toHaveLength(101);
    expect(state[ALL_QUERIES]?.evidence.observed).toBe(150);
  });
});

describe('the loss of an audit', () => {
  const labelled = (servedCorrect: boolean, baselineCorrect: boolean | null): WatchedAudit =>
    auditOf({ servedAgrees: false, servedCorrect, baselineCorrect, judgedBy: 'person' });

  test.each([
    ['answers that agree lose nothing, right or wrong', 'regret', 'labels', auditOf(), 0],
    [
      'without a label the last stage is taken to be right',
      'regret',
      'last-stage',
      auditOf({ servedAgrees: false }),
      1,
    ],
    ['unless labels are asked for', 'regret', 'labels', auditOf({ servedAgrees: false }), 0],
    ['a label that the served answer is the better one', 'regret', 'labels', labelled(true, false), -1],
    ['which harm does not count', 'harm', 'labels', labelled(true, false), 0],
    ['a label that it is the worse one', 'harm', 'labels', labelled(false, true), 1],
    ['both wrong', 'regret', 'labels', labelled(false, false), 0],
    ['served wrong, the other unknown: nobody said so', 'regret', 'labels', labelled(false, null), 0],
    ['served wrong, the other unknown: by the proxy', 'regret', 'last-stage', labelled(false, null), 1],
    ['an error among accepted answers', 'selective', 'labels', labelled(false, true), 1],
    [
      'an answer that was not accepted',
      'selective',
      'labels',
      { ...labelled(false, true), accepted: false },
      null,
    ],
    ['what could not be compared', 'regret', 'last-stage', auditOf({ servedAgrees: null }), null],
  ] as const)('%s', (_, loss, judge, audit, expected) => {
    expect(lossOf({ ...claim, loss, judge }, audit)).toBe(expected);
  });
});

describe('what is watched', () => {
  const watch = {
    maxLoss: null,
    judge: 'labels',
    labelWaitMs: 0,
    onSuspect: 'keep',
    certificateMaxAgeMs: null,
  } as const;

  test('is nothing without audits, or without a bound', () => {
    expect(claimOf({ chain: [], watch: { ...watch, maxLoss: 0.1 } })).toBeNull();
    expect(claimOf({ chain: [], audit: { share: 0.1 }, watch })).toBeNull();
  });

  test('is the harm where the task names a bound', () => {
    expect(claimOf({ chain: [], audit: { share: 0.1 }, watch: { ...watch, maxLoss: 0.1 } })).toEqual({
      loss: 'harm',
      alpha: 0.1,
      judge: 'labels',
      audit: { share: 0.1 },
    });
  });
});
