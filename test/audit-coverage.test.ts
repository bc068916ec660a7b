import { beforeAll, describe, expect, test } from 'vitest';
import { readRecordedSet } from '../recorded/read.ts';
import { auditCoverage, type KnownQuery } from './support/audit-coverage.ts';
import { knownQueries } from './support/known-queries.ts';
import { realSet } from './support/replay-world.ts';
import { useSyntheticSet } from './support/synthetic-set.ts';

const RESAMPLES = 200;
/** 95% of 200, less three standard deviations of that count: with two, chance would fail one of the 24 counts here. */
const ENOUGH = 181;

const synthetic = useSyntheticSet();

describe.each(['synthetic', 'gsm8k', 'crux'])('audits of the set %s', (name) => {
  const folder = name === 'synthetic' ? null : realSet(name);
  const missing = name !== 'synthetic' && folder === null;
  let queries: readonly KnownQuery[];
  beforeAll(async () => {
    if (!missing) queries = await knownQueries(folder === null ? synthetic() : await readRecordedSet(folder));
  });

  // As many audits of either share: with fewer than twenty there is no interval at all.
  test.skipIf(missing).each([
    { share: 0.05, times: 2 },
    { share: 0.01, times: 10 },
  ])(
    'of $share of its queries cover the truth of accuracy, gain, savings and break-even in 95% of 200 resamples',
    ({ share, times }) => {
      const figures = auditCoverage(queries, { share, times, resamples: RESAMPLES, seed: 1 });
      for (const { figure, covered, none } of figures) {
        expect(none, `${figure} without an interval`).toBe(0);
        expect(covered, figure).toBeGreaterThanOrEqual(ENOUGH);
      }
    },
  );
});
