import { beforeAll, describe, expect, test } from 'vitest';
import { driftPolicy, firstStageAgrees } from '../cli/demo/drift-policy.ts';
import { regionPool, SMALLEST } from '../learning/drift-pool.ts';
import { watchDrift, type DriftPool, type DriftStream } from '../learning/drift-simulation.ts';
import { readRecordedSet } from '../recorded/read.ts';
import { realSet } from './support/replay-world.ts';

const folder = realSet('gsm8k');
const AUDIT_SHARE = 0.05;

describe.skipIf(folder === null)('a watched stream of real responses', () => {
  let pool: DriftPool;
  let alpha: number;
  beforeAll(async () => {
    const set = await readRecordedSet(folder!);
    const policy = driftPolicy(set, AUDIT_SHARE);
    pool = regionPool(firstStageAgrees(set, policy));
    alpha = policy.watch!.maxLoss!;
  });

  const outcomes = (streams: number, seed: number, stream: Pick<DriftStream, 'queries' | 'changeAt'>) =>
    Array.from({ length: streams }, (_, at) =>
      watchDrift(
        { loss: 'harm', alpha, judge: 'last-stage' },
        pool,
        { ...stream, drifting: SMALLEST, drop: 0.15, auditShare: AUDIT_SHARE },
        seed + at,
      ),
    );

  test('gives no alarm in at least 95% of 200 that do not change', () => {
    const quiet = outcomes(200, 1000, { queries: 20_000, changeAt: 20_000 });
    expect(quiet.filter(({ alarm }) => alarm !== null).length).toBeLessThanOrEqual(10);
  });

  test('names the slice that gets worse, after the change, within 400 of its audits', () => {
    const drifted = outcomes(20, 0, { queries: 200_000, changeAt: 16_000 });
    for (const { alarm, queriesAfter, auditsAfter } of drifted) {
      expect(alarm).toBe(`region=${SMALLEST}`);
      expect(queriesAfter).toBeGreaterThan(0);
      expect(auditsAfter).toBeLessThanOrEqual(400);
    }
  });
});
