import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRecordedSetWriter } from '../../recorded/write.ts';
import { madeSet } from '../../test/support/made-set.ts';
import { createContext } from '../context.ts';
import { readSource } from './source.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-source-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('of a recorded set with draws by chance only those are learned from', async () => {
  const { queries, responses, models } = madeSet(
    { small: { usdPerMtok: 1, accuracy: 0.8 } },
    { queries: 40 },
  );
  const writer = await createRecordedSetWriter(folder);
  for (const [at, query] of queries.entries()) {
    await writer.addQuery(at % 4 === 0 ? { ...query, inclusion_probability: 0.25 } : query);
    await writer.addResponse(responses.get('small')!.get(query.id)!);
  }
  await writer.close();
  await writer.writeModels(models);
  const context = createContext({}, true, new AbortController().signal);
  const { set, leftOut, from } = await readSource(context, { recorded: folder });
  expect(set.queries.map(({ id }) => id)).toEqual(
    queries.flatMap(({ id }, at) => (at % 4 === 0 ? [id] : [])),
  );
  expect(leftOut).toMatchObject([{ what: '30 queries' }]);
  expect(from).toBe(folder);
});
