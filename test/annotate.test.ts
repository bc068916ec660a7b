import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { annotateCommand, type AnnotateOptions } from '../cli/commands/annotate.ts';
import { CliError, EXIT } from '../cli/exit.ts';
import type { HostedWorker } from '../cli/host-worker.ts';
import { readRecordedSet, type RecordedSet } from '../recorded/read.ts';
import { startReplay, type ReplayServer } from '../replay/server.ts';
import { createNamespace, fakeContext, hostTestWorker } from './support/cli-stack.ts';
import { useDatabase } from './support/database.ts';
import { EMBEDDER, JUDGE, withEvidence, writeSet } from './support/made-evidence.ts';
import { LADDER, madeSet } from './support/made-set.ts';
import { REPLAY, replayProvider } from './support/replay-world.ts';

const database = useDatabase();
const { tiny, large } = LADDER;
const bare = madeSet({ tiny, large }, { queries: 10, silent: 0.2 });
const whole = withEvidence(bare);
let env: Record<string, string>;
let replay: ReplayServer;
let worker: HostedWorker;
let folder: string;
let recorded: string;
let settings: string;

beforeAll(async () => {
  env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: await createNamespace(),
  };
  replay = await startReplay({ set: whole });
  worker = await hostTestWorker(env, new Map([[REPLAY, replayProvider(replay.url)]]));
  folder = await mkdtemp(join(tmpdir(), 'escalier-annotate-'));
  recorded = join(folder, 'set');
  settings = join(folder, 'escalier.yaml');
  await writeSet(recorded, bare);
  const model = (name: string, input: number, output: number) =>
    `  ${name}: { provider: ${REPLAY}, max_output_tokens: 500, price: { input_usd_per_mtok: ${input}, output_usd_per_mtok: ${output} } }`;
  await writeFile(
    settings,
    [
      `providers: { ${REPLAY}: { base_url: '${replay.url}' } }`,
      'models:',
      ...[model(JUDGE, 0.05, 0.4), model(EMBEDDER, 0.02, 0), model('tiny', 0.1, 0.1)],
      'tasks:',
      '  sums: { chain: [tiny], threshold: 0, scorer: agreement, answer: { json: /answer, normalise: number } }',
      '',
    ].join('\n'),
  );
});
afterAll(async () => {
  await worker.stop();
  await replay.close();
  await rm(folder, { recursive: true, force: true });
});

async function annotate(own: Partial<AnnotateOptions>) {
  const context = fakeContext(env, { json: true });
  await annotateCommand(context, { recorded, settings, yes: true, concurrency: 4, ...own });
  return JSON.parse(context.printed.join('')) as object;
}

const read = (): Promise<RecordedSet> => readRecordedSet(recorded, { evidence: 'all' });

/** Responses that hold an answer: the others are not judged. */
const answered = [...whole.responses].flatMap(([model, own]) =>
  [...own.values()].flatMap(({ id, text }) =>
    text.includes('"answer"') ? [JSON.stringify([id, model])] : [],
  ),
);

test('a judge grades what holds an answer, in as many runs as one likes, each response once', async () => {
  expect(await annotate({ judge: JUDGE, limit: 5 })).toMatchObject({
    ...{ judgements: 5, failed: 0, left: answered.length - 5 },
  });
  expect(await annotate({ judge: JUDGE })).toMatchObject({ judgements: answered.length - 5, left: 0 });
  const requests = replay.meter.summary().requests;
  expect(await annotate({ judge: JUDGE })).toMatchObject({ judgements: 0 });
  expect(replay.meter.summary().requests).toBe(requests);

  const { evidence, models } = await read();
  const made = whole.evidence!.judgements.get(JUDGE)!;
  const judged = evidence!.judgements.get(JUDGE)!;
  expect([...judged.keys()].sort()).toEqual([...answered].sort());
  for (const [key, row] of judged) {
    const { grade, ...rest } = made.get(key)!;
    expect(row).toMatchObject(rest);
    if (grade === null) expect(row.grade).toBeNull();
    else expect(row.grade).toBeCloseTo(grade, 9);
  }
  // A judge is no candidate for a chain.
  expect(Object.keys(models).sort()).toEqual(['large', 'tiny']);
  const { rows } = await database.pool.query<{ task: string; count: number }>(
    `select task, count(*)::int as count from attempts where status = 'succeeded' group by task`,
  );
  expect(rows).toEqual([{ task: `sums/annotate/${JUDGE}`, count: requests }]);
});

test('an embedder embeds queries and responses, in single precision', async () => {
  expect(await annotate({ embedder: EMBEDDER })).toMatchObject({ embeddings: 30, failed: 0 });
  const { evidence } = await read();
  const made = whole.evidence!.embeddings.get(EMBEDDER)!;
  expect(evidence!.embeddings.get(EMBEDDER)).toEqual(made);
  expect(evidence!.models).toMatchObject({
    [EMBEDDER]: { input_usd_per_mtok: 0.02, output_usd_per_mtok: 0 },
  });
  const [line] = (await readFile(join(recorded, 'embeddings', `${EMBEDDER}.jsonl`), 'utf8')).split('\n');
  expect(JSON.parse(line!)).toEqual({
    ...{ id: expect.any(String) as string, vector: expect.any(String) as string },
    input_tokens: expect.any(Number) as number,
  });
});

test('says what to mend, and spends nothing unasked', async () => {
  const refusal = async (own: Partial<AnnotateOptions>) => {
    const error: unknown = await annotate(own).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CliError);
    return error as CliError;
  };
  expect((await refusal({})).message).toMatch(/--judge MODEL, --embedder MODEL/);
  expect((await refusal({ judge: 'nobody' })).message).toMatch(
    /has no model "nobody" \(there are: judge-model/,
  );
  const fresh = join(folder, 'fresh');
  await writeSet(fresh, bare);
  const unasked = await refusal({ recorded: fresh, judge: JUDGE, yes: false });
  expect(unasked.exitCode).toBe(EXIT.usage);
  expect(unasked.message).toMatch(new RegExp(`^${answered.length} calls, .*Nothing was spent`));
  expect((await readRecordedSet(fresh, { evidence: 'all' })).evidence?.judgements.size).toBe(0);
});
