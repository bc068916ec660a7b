import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Policy } from '../../core/policy.ts';
import { readRecordedSet } from '../../recorded/read.ts';
import { createRecordedSetWriter } from '../../recorded/write.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { madeSet } from '../../test/support/made-set.ts';
import { demoPolicy } from '../demo/policy.ts';
import { recordedReport } from './recorded.ts';

describe('a policy on a set in which labels are missing', () => {
  const set = madeSet(
    {
      small: { usdPerMtok: 0.1, accuracy: 0.8 },
      large: { usdPerMtok: 10, accuracy: 0.95 },
      other: { usdPerMtok: 1, accuracy: 0.9 },
    },
    { queries: 200 },
  );
  let folder: string;
  let policy: Policy;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'labels-missing-'));
    const writer = await createRecordedSetWriter(folder);
    for (const [at, query] of set.queries.entries()) {
      await writer.addQuery({ ...query, split: 'test' });
      for (const [model, own] of set.responses) {
        const { correct, ...response } = own.get(query.id)!;
        const isLabelled = model === 'other' ? at % 5 !== 0 : at % 2 === 0;
        await writer.addResponse({ ...response, ...(isLabelled ? { correct } : {}) });
      }
    }
    await writer.writeModels(set.models);
    await writer.close();
    policy = {
      ...demoPolicy(await readRecordedSet(folder), ['small', 'large']),
      task: set.queries[0]!.task,
    };
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is measured on the queries that have them, and says what is left out', async () => {
    const report = await recordedReport(folder, policy, 0.01, createScorerRegistry());
    expect(report).toMatchObject({
      ...{ queries: 100, leftOut: 100 },
      modelsLeftOut: [{ what: 'other', why: 'has 80 labelled responses to 100 queries' }],
    });
    expect(report.cascade.accuracy).toBeGreaterThan(0.85);
    expect(new Set(report.baselines.map(({ model }) => model))).toEqual(new Set(['small', 'large']));
  });
});
