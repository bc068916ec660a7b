import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { demoPolicy } from '../cli/demo/policy.ts';
import { Escalier, FailedError, type CascadeAnswer } from '../client/index.ts';
import type { Policy } from '../core/policy.ts';
import { describeSchema } from './support/describe-schema.ts';
import { askOf, useReplayWorld } from './support/replay-world.ts';

const PAYLOAD_KEY = Buffer.alloc(32, 42).toString('base64');
const API_KEY = 'sk-live-DoNotKeepMe-4f1d9c';
const world = useReplayWorld({ payloadKey: PAYLOAD_KEY, apiKey: API_KEY });
let policy: Policy;

beforeAll(async () => {
  policy = demoPolicy(world.set, ['small', 'medium', 'large']);
  await world.apply({ ...policy, task: 'kept' }, { ...policy, task: 'dropped', retention: 'none' });
});

beforeEach(async () => {
  await world.setFaults({});
});

/** A history as whoever reads Temporal's disk sees it, decoded from base64 as far as it goes. */
async function plainHistory(workflowId: string): Promise<string> {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    const { workflow } = new Client({ connection });
    const json = historyToJSON(await workflow.getHandle(workflowId).fetchHistory());
    const decoded = [...json.matchAll(/"([A-Za-z0-9+/=]{8,})"/g)].map(([, base64 = '']) =>
      Buffer.from(base64, 'base64').toString('latin1'),
    );
    return [json, ...decoded].join('\n');
  } finally {
    await connection.close();
  }
}

/** Every row of every table as text, bytes as the text that they would be. */
async function everyRow(): Promise<string> {
  const { pool } = world.database;
  const tables = [...(await describeSchema(pool)).matchAll(/^create table (\w+)/gm)].map(([, name]) => name!);
  expect(tables).toEqual(expect.arrayContaining(['attempts', 'queries', 'open_texts', 'texts', 'policies']));
  const parts: string[] = [];
  for (const table of tables) {
    const { rows } = await pool.query<Record<string, unknown>>(`select * from "${table}"`);
    for (const row of rows) {
      for (const value of Object.values(row)) {
        parts.push(Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value));
      }
    }
  }
  return parts.join('\n');
}

interface TextRow {
  readonly item: string;
  readonly content: Buffer;
  readonly sealed: boolean;
}

async function textsIn(table: 'open_texts' | 'texts', queryId: string): Promise<TextRow[]> {
  const { rows } = await world.database.pool.query<TextRow>(
    `select item, content, sealed from ${table} where query_id = $1 order by item`,
    [queryId],
  );
  return rows;
}

/** A part of a text that no other text holds, and that JSON does not escape. */
function words(text: string): string {
  const part = /[\w ,'*=.+-]{20,}/.exec(text)?.[0];
  if (part === undefined) throw new Error(`no words in ${text}`);
  return part;
}

describe('with a payload key', () => {
  const query = () => world.set.queries[0]!;
  const prompt = () => words(query().messages[0]!['content'] as string);

  test('the answer comes back, and Temporal holds neither it nor the question', async () => {
    const { id } = await world.client.start(askOf(query(), 'kept'));
    const answer = await world.client.result(id);
    expect(answer.text).toBe(world.set.responses.get(answer.model)!.get(query().id)!.text);
    const history = await plainHistory(id);
    expect(history).toContain('binary/encrypted');
    expect(history).not.toContain(prompt());
    expect(history).not.toContain(words(answer.text));
    // What stays plain by design, so that a cascade can be found.
    expect(history).toContain('EscalierOutcome');
  });

  test('the ledger’s texts are sealed while the query runs, and after', async () => {
    await world.setFaults({ rules: [{ model: 'small', fault: null }, { fault: { kind: 'stall' } }] });
    const strict = { ...policy, task: 'strict', thresholds: policy.chain.map(() => 1) };
    await world.apply(strict);
    const { id } = await world.client.start(askOf(query(), 'strict'));
    const ended = world.client.result(id).catch(() => undefined);
    await expect.poll(() => world.replay.meter.entries().length, { timeout: 20_000 }).toBe(2);
    const { rows } = await world.database.pool.query<{ query_id: string }>(
      'select query_id from queries where workflow_id = $1',
      [id],
    );
    const open = await textsIn('open_texts', rows[0]!.query_id);
    // The question and the first stage's response.
    expect(open).toHaveLength(2);
    await world.client.cancel(id);
    await ended;

    await world.setFaults({});
    const kept = await world.client.ask(askOf(query(), 'kept'));
    const retained = await textsIn('texts', kept.queryId);
    expect(retained.length).toBe(1 + kept.attempts.length);
    for (const { sealed, content } of [...open, ...retained]) {
      expect(sealed).toBe(true);
      expect(content.toString('latin1')).not.toMatch(/content|messages|role/);
    }
    expect(await textsIn('open_texts', kept.queryId)).toEqual([]);
    expect(await everyRow()).not.toContain(prompt());
  });

  test('of a task that retains none nothing remains', async () => {
    const { queryId } = await world.client.ask(askOf(query(), 'dropped'));
    expect(await textsIn('open_texts', queryId)).toEqual([]);
    expect(await textsIn('texts', queryId)).toEqual([]);
  });

  test('the words of a failure are encrypted too', async () => {
    const unknown = 'Never recorded: my account number is 1234-5678.';
    const { id } = await world.client.start({
      task: 'kept',
      messages: [{ role: 'user', content: unknown }],
    });
    // The vendor knows no such query, and refuses it in words of its own, which the error repeats.
    const error = await world.client.result(id).catch((reason: unknown) => reason as Error);
    expect((error as Error).message).toMatch(/not in the recorded set/);
    const history = await plainHistory(id);
    expect(history).not.toContain('not in the recorded set');
    expect(history).not.toContain(unknown);
    expect(history).toContain('Encoded failure');
  });

  test('a client without the key cannot read the answer', async () => {
    const { id } = await world.client.start(askOf(query(), 'kept'));
    await world.client.result(id);
    const keyless = new Escalier({ address: inject('temporalAddress'), taskQueue: world.taskQueue });
    try {
      const unreadable = { code: 'unavailable', message: expect.stringMatching(/payload key/) as string };
      await expect(keyless.result(id)).rejects.toMatchObject(unreadable);
      await expect(keyless.ask({ ...askOf(query(), 'kept'), idempotencyKey: id })).rejects.toMatchObject(
        unreadable,
      );
    } finally {
      await keyless.close();
    }
  });

  test('the same key is the same query, and another request is told so', async () => {
    const idempotencyKey = `encrypted/${world.taskQueue}`;
    const first: CascadeAnswer = await world.client.ask({ ...askOf(query(), 'kept'), idempotencyKey });
    expect(await world.client.ask({ ...askOf(query(), 'kept'), idempotencyKey })).toEqual(first);
    await expect(
      world.client.ask({ ...askOf(world.set.queries[1]!, 'kept'), idempotencyKey }),
    ).rejects.toMatchObject({ code: 'key-conflict' });
  });
});

describe('the vendor’s key', () => {
  test('is in no history, no row and no log, however the query ends', async () => {
    const ids: string[] = [];
    for (const fault of [null, { kind: 'error-with-usage' }, { kind: 'malformed-json' }] as const) {
      await world.setFaults({ rules: [{ fault }] });
      const { id } = await world.client.start({
        ...askOf(world.set.queries[2]!, 'kept'),
        deadlineMs: 4_000,
      });
      await world.client.result(id).catch(() => undefined);
      ids.push(id);
    }
    expect(world.replay.meter.entries().length, 'the vendor was asked').toBeGreaterThan(0);
    for (const id of ids) expect(await plainHistory(id)).not.toContain(API_KEY);
    expect(await everyRow()).not.toContain(API_KEY);
    expect(world.log.join('\n')).not.toContain(API_KEY);
  });
});

describe('without the vendor’s key', () => {
  const keyless = useReplayWorld({ apiKey: '' });

  test('a query fails before anything is sent, and says which variable to set', async () => {
    await keyless.apply({ ...policy, task: 'keyless' });
    const error = await keyless.client
      .ask(askOf(keyless.set.queries[0]!, 'keyless'))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FailedError);
    expect((error as FailedError).message).toMatch(/set REPLAY_API_KEY in the worker's environment/);
    expect(error).toMatchObject({ costUsd: '0', attempts: [] });
    expect(keyless.replay.meter.entries()).toEqual([]);
  });
});
