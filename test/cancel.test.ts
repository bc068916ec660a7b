import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { beforeAll, expect, inject, test } from 'vitest';
import { demoPolicy } from '../cli/demo/policy.ts';
import { CancelledError } from '../client/index.ts';
import { parseUsd } from '../core/money.ts';
import type { AttemptSummary } from '../core/result.ts';
import type { MeterEntry } from '../replay/meter.ts';
import { askOf, useReplayWorld, withModels } from './support/replay-world.ts';

/** What is promised is a second; a loaded machine may take longer without being wrong. */
const BOUND_MS = 15_000;

/** Temporal tells a request within a workflow's task of its own when that task is renewed: every eight seconds. */
const BARE_INLINE_BOUND_MS = 20_000;

const world = useReplayWorld();

beforeAll(async () => {
  const policy = demoPolicy(world.set, ['small', 'medium', 'large']);
  await world.apply(
    { ...policy, task: 'whole' },
    { ...withModels(policy, () => ({ stream: true })), task: 'streamed' },
    { ...policy, task: 'inline', execution: 'inline' },
    { ...withModels(policy, () => ({ stream: true })), task: 'inline-streamed', execution: 'inline' },
  );
  await world.setFaults({ rules: [{ fault: { kind: 'stall' } }] });
});

async function cancelBySignal(id: string): Promise<void> {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    await new Client({ connection }).workflow.getHandle(id).signal('cancel');
  } finally {
    await connection.close();
  }
}

async function until<T>(look: () => T | undefined): Promise<T> {
  const givesUpAt = Date.now() + 20_000;
  for (;;) {
    const seen = look();
    if (seen !== undefined) return seen;
    if (Date.now() > givesUpAt) throw new Error(`waited in vain for: ${look.toString()}`);
    await sleep(5);
  }
}

const WAYS = {
  'the client’s cancel': (id: string) => world.client.cancel(id),
  'the signal "cancel"': cancelBySignal,
} as const;

test.each<[keyof typeof WAYS, string]>([
  ['the client’s cancel', 'whole'],
  ['the client’s cancel', 'streamed'],
  ['the client’s cancel', 'inline'],
  ['the client’s cancel', 'inline-streamed'],
  ['the signal "cancel"', 'whole'],
  ['the signal "cancel"', 'streamed'],
  ['the signal "cancel"', 'inline'],
])('%s closes the provider’s socket (%s)', async (way, task) => {
  world.replay.meter.reset();
  const { id } = await world.client.start(askOf(world.set.queries[0]!, task));
  const ended = world.client.result(id).catch((error: unknown) => error);
  const stalled = await until((): MeterEntry | undefined => world.replay.meter.entries()[0]);
  expect(stalled).toMatchObject({ fault: 'stall', aborted_by_client: false });

  const cancelledAt = performance.now();
  await WAYS[way](id);
  await until(() => world.replay.meter.entries()[0]?.aborted_by_client || undefined);
  const latencyMs = performance.now() - cancelledAt;
  console.log(`cancel latency, ${way}, ${task}: ${latencyMs.toFixed(0)} ms`);
  const bare = task === 'inline' && way === 'the signal "cancel"';
  expect(latencyMs).toBeLessThan(bare ? BARE_INLINE_BOUND_MS : BOUND_MS);

  const error = await ended;
  expect(error).toBeInstanceOf(CancelledError);
  expect(world.replay.meter.entries(), 'one request, and none after the cancel').toHaveLength(1);

  // The row: nothing for certain, at most what the plan says that a request can cost.
  const { rows } = await world.database.pool.query<{ [column: string]: string | null }>(
    'select * from attempts where workflow_id = $1',
    [id],
  );
  expect(rows).toHaveLength(1);
  const row = rows[0]!;
  expect(row).toMatchObject({
    attempt_id: stalled.client_request_id,
    status: 'cancelled',
    cost_usd: null,
    input_tokens: null,
    verdict: null,
  });
  expect(parseUsd(row['cost_low_usd']!)).toBe(0n);
  const high = parseUsd(row['cost_high_usd']!);
  expect(high > parseUsd(world.replay.meter.entries()[0]!.billed_usd)).toBe(true);

  // The caller is told the same, whichever way it was cancelled.
  const told = error as CancelledError;
  expect(told.costUsd).toBeNull();
  expect(told.costLowUsd).toBe('0');
  expect(parseUsd(told.costHighUsd!)).toBe(high);
  expect(told.attempts.map(({ status }: AttemptSummary) => status)).toEqual(['cancelled']);
  const { rows: queries } = await world.database.pool.query(
    'select status, outcome, accepted from queries where workflow_id = $1',
    [id],
  );
  expect(queries).toEqual([{ status: 'ended', outcome: 'cancelled', accepted: false }]);
});

test('a query that has ended stays as it is', async () => {
  const query = world.set.queries[1]!;
  await world.setFaults({});
  const { id } = await world.client.start(askOf(query, 'whole'));
  const answer = await world.client.result(id);
  await world.client.cancel(id);
  expect(await world.client.result(id)).toEqual(answer);
});
