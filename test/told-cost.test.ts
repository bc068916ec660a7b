import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { expect, inject, test } from 'vitest';
import { demoPolicy } from '../cli/demo/policy.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import type { SweepSummary } from '../workflows/sweep.ts';
import { askOf, useReplayWorld, withModels } from './support/replay-world.ts';

const world = useReplayWorld({ kind: 'openrouter', apiKey: 'test-key-of-the-replay' });

interface Row {
  readonly attempt_id: string;
  readonly status: string;
  readonly cost_low_usd: string;
  readonly cost_high_usd: string;
  readonly cost_usd: string | null;
  readonly cost_source: string;
  readonly input_tokens: string | null;
  readonly output_tokens: string | null;
}

test('a cut stream is settled to what the vendor billed, once its vendor is asked', async () => {
  const policy = withModels(demoPolicy(world.set, ['small', 'large']), () => ({
    stream: true,
    maxAttempts: 1,
  }));
  await world.apply({ ...policy, task: 'cut' });
  await world.setFaults({ rules: [{ model: 'small', fault: { kind: 'cut-stream' } }] });
  await world.client.ask(askOf(world.set.queries[0]!, 'cut'));
  const cutRow = async () => {
    const { rows } = await world.database.pool.query<Row>(
      `select * from attempts where task = 'cut' and model = 'small'`,
    );
    return rows[0]!;
  };
  const before = await cutRow();
  const entry = world.replay.meter.entries().find((each) => each.client_request_id === before.attempt_id)!;
  const billed = parseUsd(entry.billed_usd);
  expect(before).toMatchObject({
    status: 'failed',
    cost_usd: null,
    cost_source: 'estimate',
    input_tokens: null,
  });
  expect(parseUsd(before.cost_low_usd)).toBeGreaterThan(0n);
  expect(parseUsd(before.cost_low_usd) < billed && billed < parseUsd(before.cost_high_usd)).toBe(true);

  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const sweep = async () =>
    (await new Client({ connection }).workflow.execute('sweep', {
      taskQueue: world.taskQueue,
      workflowId: `escalier-sweep-${randomUUID()}`,
    })) as SweepSummary;
  expect(await sweep()).toMatchObject({ settled: 1, unanswered: 0 });
  const after = await cutRow();
  expect(after).toMatchObject({
    status: 'failed',
    cost_source: 'provider',
    input_tokens: String(entry.billed_usage.input_tokens),
    output_tokens: String(entry.billed_usage.output_tokens),
  });
  expect(formatUsd(parseUsd(after.cost_usd!))).toBe(entry.billed_usd);
  expect(await sweep()).toMatchObject({ settled: 0, unanswered: 0 });
  // A response that the vendor does not know stays as it is, and so does one whose vendor fails.
  await world.database.pool.query(
    `update attempts set cost_low_usd = 0, cost_high_usd = 1, response_id = 'gen-unknown' where attempt_id = $1`,
    [before.attempt_id],
  );
  expect(await sweep()).toMatchObject({ settled: 0, unanswered: 0 });
  await world.replay.close();
  expect(await sweep()).toMatchObject({ settled: 0, unanswered: 1 });
  expect(await cutRow()).toMatchObject({ cost_usd: null });
  await connection.close();
});
