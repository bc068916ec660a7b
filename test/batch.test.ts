import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { batchCommand } from '../cli/commands/batch.ts';
import { demoPolicy } from '../cli/demo/policy.ts';
import { CliError, EXIT } from '../cli/exit.ts';
import type { HostedWorker } from '../cli/host-worker.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { readRecordedSet, type RecordedSet } from '../recorded/read.ts';
import { startReplay, type ReplayServer } from '../replay/server.ts';
import { createNamespace, fakeContext, hostTestWorker } from './support/cli-stack.ts';
import { useDatabase } from './support/database.ts';
import { REPLAY, replayProvider, SYNTHETIC } from './support/replay-world.ts';

const database = useDatabase();
let env: Record<string, string>;
let set: RecordedSet;
let replay: ReplayServer;
let worker: HostedWorker;
let folder: string;

beforeAll(async () => {
  env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: await createNamespace(),
  };
  set = await readRecordedSet(SYNTHETIC);
  // Slow enough that an interrupt finds queries under way.
  replay = await startReplay({ set, latency: { fixedMs: 30 } });
  await applyPolicies(database.pool, [demoPolicy(set, ['small', 'medium', 'large'])]);
  worker = await hostTestWorker(env, new Map([[REPLAY, replayProvider(replay.url)]]));
  folder = await mkdtemp(join(tmpdir(), 'escalier-batch-'));
});
afterAll(async () => {
  await worker.stop();
  await replay.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await setFaults({});
});

async function setFaults(plan: object): Promise<void> {
  const response = await fetch(`${replay.url.replace(/\/v1$/, '')}/faults`, {
    method: 'PUT',
    body: JSON.stringify(plan),
  });
  expect(response.ok).toBe(true);
  replay.meter.reset();
}

/** An input file of the first queries. Batches are told apart by their file's name. */
async function inputOf(name: string, count: number, extra: readonly string[] = []) {
  const file = join(folder, `${name}.jsonl`);
  const lines = set.queries.slice(0, count).map((query) => JSON.stringify(query));
  await writeFile(file, [...lines, ...extra].map((line) => `${line}\n`).join(''));
  return {
    file,
    out: join(folder, `${name}.out.jsonl`),
    ids: set.queries.slice(0, count).map(({ id }) => id),
  };
}

interface Line {
  readonly id: string;
  readonly text?: string;
  readonly error?: { code: string; message: string };
  readonly correct?: boolean;
  readonly cost_usd: string | null;
  readonly attempts?: number;
}

async function linesOf(out: string): Promise<Line[]> {
  const text = await readFile(out, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

async function refusalOf(promise: Promise<void>): Promise<CliError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CliError);
  return error as CliError;
}

/** How often each model was billed for each query. */
function billed(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { model, query_id } of replay.meter.entries()) {
    const pair = `${model ?? ''} ${query_id ?? ''}`;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return counts;
}

test('interrupted and continued, a batch bills nothing twice', async () => {
  const { file, out, ids } = await inputOf('interrupted', 30);
  const interrupt = new AbortController();
  const first = fakeContext(env, {
    signal: interrupt.signal,
    // Progress is told at every fifth of the queries.
    onSay: (text) => {
      if (/ (1[2-9]|2\d)\/30 /.test(text)) interrupt.abort();
    },
  });
  const stopped = await refusalOf(batchCommand(first, file, { out, concurrency: 6 }));
  expect(stopped.exitCode).toBe(EXIT.interrupted);
  expect(stopped.message).toMatch(/run the same command again to continue/);
  const before = await linesOf(out);
  expect(before.length).toBeGreaterThanOrEqual(10);
  expect(before.length).toBeLessThan(30);

  // A crash may also cut the last line short.
  await appendFile(out, JSON.stringify({ id: ids[29], text: 'cut' }).slice(0, 20));
  const second = fakeContext(env, { json: true });
  await batchCommand(second, file, { out, concurrency: 6 });

  const lines = await linesOf(out);
  expect(lines.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(lines.slice(0, before.length)).toEqual(before);
  expect([...billed()].filter(([, times]) => times !== 1)).toEqual([]);
  expect(second.printed).toHaveLength(1);
  expect(JSON.parse(second.printed[0]!)).toMatchObject({ queries: 30 - before.length, failed: 0, out });

  // Run once more there is nothing left to do; with another file for the answers they are read, not bought.
  const requests = replay.meter.entries().length;
  await batchCommand(fakeContext(env), file, { out, concurrency: 6 });
  await batchCommand(fakeContext(env), file, { out: `${out}.copy`, concurrency: 6 });
  const byId = (a: Line, b: Line): number => a.id.localeCompare(b.id);
  expect((await linesOf(`${out}.copy`)).sort(byId)).toEqual(lines.sort(byId));
  expect(replay.meter.entries()).toHaveLength(requests);
});

test('what the lines say the batch cost is what was billed', async () => {
  const { file, out } = await inputOf('costs', 10);
  const context = fakeContext(env, { json: true });
  await batchCommand(context, file, { out, concurrency: 5 });
  const { costUsd } = JSON.parse(context.printed[0]!) as { costUsd: string };
  expect(costUsd).toBe(replay.meter.summary().billed_usd);
  const { rows } = await database.pool.query<{ correct: boolean }>(
    `select l.correct from labels l join queries q using (query_id)
     where q.workflow_id like 'batch/costs/%' and l.source = 'reference'`,
  );
  // The recorded set's references label what was served.
  const lines = await linesOf(out);
  expect(rows.filter(({ correct }) => correct)).toHaveLength(lines.filter(({ correct }) => correct).length);
  expect(rows).toHaveLength(10);
});

test('queries without an answer are asked again, the others are not', async () => {
  const { file, out, ids } = await inputOf('failing', 6);
  await setFaults({ rules: [{ query: ids[2], fault: { kind: 'empty-content' } }] });
  const partial = await refusalOf(batchCommand(fakeContext(env), file, { out, concurrency: 3 }));
  expect(partial.exitCode).toBe(EXIT.partial);
  expect(partial.message).toMatch(/^1 of 6 queries have no answer/);
  const failed = (await linesOf(out)).filter(({ error }) => error !== undefined);
  expect(failed).toMatchObject([{ id: ids[2], error: { code: 'exhausted' } }]);

  await setFaults({});
  await batchCommand(fakeContext(env), file, { out, concurrency: 3 });
  const lines = await linesOf(out);
  expect(lines.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(lines.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(new Set(replay.meter.entries().map(({ query_id }) => query_id))).toEqual(new Set([ids[2]]));
});

test('every bad line is told at once, with its place, and nothing is asked', async () => {
  const { file, out, ids } = await inputOf('bad', 2, [
    '{ "id": "broken", ',
    '{ "id": "empty", "task": "arithmetic-demo", "messages": [] }',
    JSON.stringify({ id: set.queries[0]!.id, messages: [{ role: 'user', content: '?' }] }),
  ]);
  const error = await refusalOf(batchCommand(fakeContext(env), file, { out, concurrency: 3 }));
  expect(error.exitCode).toBe(EXIT.usage);
  const lines = error.message.split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe(`${file}:3: is not JSON`);
  expect(lines[1]).toMatch(`${file}:4: messages: `);
  expect(lines[2]).toBe(`${file}:5: the id "${ids[0]!}" was used before`);
  expect(replay.meter.entries()).toEqual([]);
});

test.each([
  [
    'a task that nobody applied',
    { task: 'arithmetics' },
    /no task "arithmetics" \(there are: arithmetic-demo\)/,
  ],
  [
    'a folder that is not there',
    { out: '/nonexistent/answers.jsonl' },
    /^\/nonexistent\/answers.jsonl: cannot be/,
  ],
])('%s is one line, before anything is asked', async (_, change, words) => {
  const { file, out } = await inputOf('refused', 5);
  const error = await refusalOf(batchCommand(fakeContext(env), file, { out, concurrency: 3, ...change }));
  expect(error.exitCode).toBe(EXIT.usage);
  expect(error.message).toMatch(words);
  expect(error.message).not.toContain('\n');
  expect(replay.meter.entries()).toEqual([]);
});

test('a file that holds something else is left alone, the input first of all', async () => {
  const { file, out } = await inputOf('precious', 3);
  const one = `${out}.one`;
  await writeFile(out, 'Notes of mine.\nNot yours.\n');
  await writeFile(one, 'One line without an end');
  for (const target of [out, one, file]) {
    const kept = await readFile(target, 'utf8');
    const error = await refusalOf(batchCommand(fakeContext(env), file, { out: target, concurrency: 3 }));
    expect(error.exitCode).toBe(EXIT.usage);
    expect(error.message).toMatch(`${target}:1: is no result of a batch: name another file with --out`);
    expect(await readFile(target, 'utf8')).toBe(kept);
  }
  expect(replay.meter.entries()).toEqual([]);
});
