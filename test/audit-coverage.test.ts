import { beforeAll, describe, expect, test } from 'vitest';
import { readRecordedSet } from '../recorded/read.ts';
import { auditCoverage, FIGURES } from './support/audit-coverage.ts';
import { knownQueries, lastModel, type KnownQuery } from './support/known-queries.ts';
import { realSet } from './support/replay-world.ts';
import { useSyntheticSet } from './support/synthetic-set.ts';

const RESAMPLES = 200;
/** 95% of 200, less two standard deviations of that count. */
const ENOUGH = 184;

const synthetic = useSyntheticSet();

describe.each(['synthetic', 'gsm8k', 'crux'])('audits of the set %s', (name) => {
  const folder = name === 'synthetic' ? null : realSet(name);
  const missing = name !== 'synthetic' && folder === null;
  let queries: readonly KnownQuery[];
  let model: string;
  beforeAll(async () => {
    if (missing) return;
    const set = folder === null ? synthetic() : await readRecordedSet(folder);
    queries = await knownQueries(set);
    model = lastModel(set);
  });

  // As many audits of either share: with fewer than twenty there is no interval at all.
  test.skipIf(missing).each([
    { share: 0.05, times: 2 },
    { share: 0.01, times: 10 },
  ])(
    'of $share of its queries cover the truth of accuracy, gain, savings and break-even in 95% of 200 resamples',
    ({ share, times }) => {
      const { covered, none } = auditCoverage(queries, {
        model,
        share,
        times,
        resamples: RESAMPLES,
        seed: 1,
      });
      expect(none).toBe(0);
      for (const figure of FIGURES) expect(covered[figure], figure).toBeGreaterThanOrEqual(ENOUGH);
    },
  );
});
