import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NativeConnection } from '@temporalio/worker';
import { demoPolicy } from '../cli/demo/policy.ts';
import { ExhaustedError, KeyConflictError, type Escalier } from '../client/index.ts';
import type { AnswersHere } from '../core/answers-here.ts';
import { askOf, useReplayWorld, withModels } from './support/replay-world.ts';

/** A client in the worker's own process: it is told answers before the workflow has ended. */
const world = useReplayWorld();
let client: Escalier;
/** Requests to Temporal that wait for a workflow's end. */
let polls = 0;
/** The worker's, which counts them. */
let connection: NativeConnection;

/** A client of these waits for an answer as long as that takes, and never asks Temporal for it instead. */
function patient(answers: AnswersHere): AnswersHere {
  const expect = (id: string) => ({ ...answers.expect(id), forget: () => undefined });
  return Object.create(answers, { expect: { value: expect } }) as AnswersHere;
}

beforeAll(async () => {
  const policy = demoPolicy(world.set, ['small', 'medium', 'large']);
  await world.apply(
    { ...policy, task: 'durable' },
    { ...policy, task: 'inline', execution: 'inline' },
    { ...withModels(policy, () => ({ maxAttempts: 1 })), task: 'impatient', execution: 'inline' },
  );
  const { connection: own, answers } = world.worker;
  const service = new Proxy(own.workflowService, {
    get(target, method, receiver): unknown {
      if (method === 'getWorkflowExecutionHistory') polls++;
      return Reflect.get(target, method, receiver);
    },
  });
  connection = new Proxy(own, {
    get(target, name): unknown {
      if (name === 'workflowService') return service;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  client = world.newClient({ worker: { connection, answers } });
});

afterAll(() => client.close());

const ask = (task: string, query = 0) => ({
  ...askOf(world.set.queries[query]!, task),
  idempotencyKey: `told/${randomUUID()}`,
});

test.each(['inline', 'durable'])(
  'an answer of %s execution is told before the workflow gives it, and is the same',
  async (task) => {
    await world.setFaults({});
    const waits = world.newClient({ worker: { connection, answers: patient(world.worker.answers) } });
    for (let query = 0; query < 12; query++) {
      const asked = ask(task, query);
      polls = 0;
      const told = await waits.ask(asked);
      expect(polls).toBe(0);
      expect(told).toEqual(await world.client.result(asked.idempotencyKey));
      const { rows } = await world.database.pool.query(
        'select status, served_attempt_id from queries where query_id = $1',
        [told.queryId],
      );
      const served = told.attempts.find(({ verdict }) => verdict === 'accepted')?.attemptId;
      expect(rows).toEqual([{ status: 'ended', served_attempt_id: served }]);
    }
    await waits.close();
  },
);

test('its key asked again at once is the same query, and another request under it a conflict', async () => {
  await world.setFaults({});
  const asked = ask('inline');
  const told = await client.ask(asked);
  expect(await client.ask(asked)).toEqual(told);
  expect(world.replay.meter.entries().length).toBe(told.attempts.length);
  await expect(client.ask({ ...ask('inline', 1), idempotencyKey: asked.idempotencyKey })).rejects.toThrow(
    KeyConflictError,
  );
});

test('callers of one key at once have one answer', async () => {
  await world.setFaults({});
  const asked = ask('inline', 2);
  const answers = await Promise.all([1, 2, 3].map(() => client.ask(asked)));
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  expect(world.replay.meter.entries().length).toBe(answers[0]?.attempts.length);
});

test.each(['inline', 'durable'])(
  'an answer of %s execution that takes long is waited for at Temporal as well',
  async (task) => {
    // Every first request fails, and is tried again as an ordinary activity.
    await world.setFaults({ rules: [{ nth: 1, fault: { kind: 'server-error' } }] });
    const asked = ask(task, 3);
    polls = 0;
    const answer = await client.ask(asked);
    expect(polls).toBeGreaterThan(0);
    expect(answer).toEqual(await world.client.result(asked.idempotencyKey));
    expect(answer.attempts.map(({ status }) => status)).toContain('failed');
  },
);

test('an error is the workflow’s', async () => {
  await world.setFaults({ rules: [{ fault: { kind: 'server-error' } }] });
  const error: unknown = await client.ask(ask('impatient', 4)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ExhaustedError);
  expect((error as ExhaustedError).attempts).toHaveLength(3);
});
