import { describe, expect, test } from 'vitest';
import { auditCoverage } from '../learning/audit-coverage.ts';
import { readRecordedSet } from '../recorded/read.ts';
import { knownQueries } from './support/known-queries.ts';
import { realSet } from './support/replay-world.ts';

const RESAMPLES = 200;
/** 95% of 200, less two standard deviations of that count. */
const ENOUGH = 184;

describe.each(['gsm8k', 'crux'] as const)('audits of real responses to %s', (name) => {
  const folder = realSet(name);

  test.skipIf(folder === null)('cover accuracy, savings and break-even', async () => {
    const queries = await knownQueries(await readRecordedSet(folder!));
    for (const { share, times } of [
      { share: 0.05, times: 2 },
      { share: 0.01, times: 10 },
    ]) {
      for (const { figure, covered, none } of auditCoverage(queries, {
        ...{ share, times, resamples: RESAMPLES, seed: 1 },
      })) {
        expect(none, `${figure} without an interval`).toBe(0);
        expect(covered, `${figure} from ${share}`).toBeGreaterThanOrEqual(ENOUGH);
      }
    }
  });
});
