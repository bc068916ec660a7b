import { beforeAll, describe, expect, test } from 'vitest';
import { driftPolicy, firstStageAgrees } from '../cli/demo/drift/policy.ts';
import { regionPool, SMALLEST } from '../cli/demo/drift/regions.ts';
import { DROP, scenarioOf } from '../cli/demo/drift/scenario.ts';
import {
  watchDrift,
  type DriftOutcome,
  type DriftPool,
  type DriftStream,
} from '../cli/demo/drift/simulation.ts';
import { claimOf, type WatchClaim } from '../core/watch.ts';
import { readRecordedSet } from '../recorded/read.ts';
import { realSet } from './support/replay-world.ts';
import { useSyntheticSet } from './support/synthetic-set.ts';

const STREAMS = 200;
const drift = { drifting: SMALLEST, drop: DROP } as const;

const synthetic = useSyntheticSet();

describe.each([
  // Audits of the slice, since it fell, in half and in 95% of the streams: of gsm8k what docs/quality.md says.
  { name: 'synthetic', half: 200, most: 400 },
  { name: 'gsm8k', half: 120, most: 250 },
])('a watched stream of the set $name', ({ name, half, most }) => {
  const folder = name === 'synthetic' ? null : realSet(name);
  const missing = name !== 'synthetic' && folder === null;
  let pool: DriftPool;
  let claim: WatchClaim;
  beforeAll(async () => {
    if (missing) return;
    const set = folder === null ? synthetic() : await readRecordedSet(folder);
    const policy = driftPolicy(set);
    pool = regionPool(firstStageAgrees(set, policy));
    claim = claimOf(policy)!;
  });

  const outcomes = (
    seed: number,
    stream: Pick<DriftStream, 'queries' | 'changeAt'>,
    of: WatchClaim = claim,
  ): DriftOutcome[] =>
    Array.from({ length: STREAMS }, (_, at) => watchDrift(of, pool, { ...drift, ...stream }, seed + at));
  const alarmed = (all: readonly DriftOutcome[]): number => all.filter(({ alarm }) => alarm !== null).length;

  const quiet = { queries: 5000, changeAt: 5000 };

  test.skipIf(missing)('gives no alarm in at least 95% of 200 that do not change', () => {
    expect(alarmed(outcomes(1000, quiet))).toBeLessThanOrEqual(0.05 * STREAMS);
  });

  test.skipIf(missing)('nor where no room is left: the worst slice loses just what was promised', () => {
    const losses = pool.slices.map(({ agrees }) => 1 - agrees.filter(Boolean).length / agrees.length);
    const tight = { ...claim, alpha: Math.max(...losses) };
    expect(alarmed(outcomes(2000, quiet, tight))).toBeLessThanOrEqual(0.05 * STREAMS);
  });

  test.skipIf(missing)('moves by less than a point where one slice falls by fifteen', () => {
    const falling = pool.slices.find(({ value }) => value === SMALLEST)!;
    expect(falling.share * drift.drop).toBeLessThan(0.01);
    const before = falling.agrees.filter(Boolean).length / falling.agrees.length;
    expect(before - drift.drop).toBeLessThan(1 - claim.alpha);
  });

  test.skipIf(missing)(
    'names the slice that falls, after it did, within a stated number of its audits',
    () => {
      const fallen = outcomes(0, { queries: 20_000, changeAt: 600 });
      const right = fallen.filter(
        ({ alarm, queriesAfter }) => alarm === `region=${SMALLEST}` && queriesAfter > 0,
      );
      expect(right.length).toBeGreaterThanOrEqual(0.97 * STREAMS);
      const audits = right.map(({ auditsAfter }) => auditsAfter).sort((a, b) => a - b);
      expect(audits[STREAMS / 2]).toBeLessThanOrEqual(half);
      expect(audits.filter((of) => of <= most).length).toBeGreaterThanOrEqual(0.95 * STREAMS);
    },
  );
});

test('the stream of the demonstration has the fall that it announces, in one region and at any time', () => {
  const { faults, next, stated } = scenarioOf(synthetic(), 1);
  const wrong = new Set(faults.rules?.flatMap(({ query }) => query ?? []));
  for (let round = 0; round < 5; round++) {
    const drawn = Array.from({ length: 800 }, next);
    const islands = drawn.filter(({ region }) => region === SMALLEST);
    expect(islands.length).toBe(40);
    expect(drawn.filter(({ query }) => wrong.has(query.id)).every(({ region }) => region === SMALLEST)).toBe(
      true,
    );
    const share = islands.filter(({ query }) => wrong.has(query.id)).length / islands.length;
    expect(Math.abs(share - DROP)).toBeLessThanOrEqual(0.05);
  }
  expect(stated.right).toBeGreaterThanOrEqual(0.97 * stated.streams);
});
