import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { demoPolicy } from '../cli/demo/policy.ts';
import type { HostedWorker } from '../cli/host-worker.ts';
import { Escalier } from '../client/index.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { readRecordedSet } from '../recorded/read.ts';
import { startReplay, type ReplayServer } from '../replay/server.ts';
import { createLedgerMetrics } from '../worker/ledger-metrics.ts';
import { openDatabase } from '../ledger/database.ts';
import { createNamespace, hostTestWorker } from './support/cli-stack.ts';
import { useDatabase } from './support/database.ts';
import { REPLAY, replayProvider, SYNTHETIC } from './support/replay-world.ts';

const database = useDatabase();
const TENANT = 'a-tenant-nobody-else-may-see';
let replay: ReplayServer;
let worker: HostedWorker;
let client: Escalier;
let task: string;

beforeAll(async () => {
  const namespace = await createNamespace();
  const env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace,
  };
  const set = await readRecordedSet(SYNTHETIC);
  replay = await startReplay({ set });
  const policy = demoPolicy(set, ['small', 'medium', 'large']);
  ({ task } = policy);
  await applyPolicies(
    database.pool,
    [policy],
    [
      { scopeKind: 'task', scope: task, period: 'day', limitUsd: '100' },
      { scopeKind: 'tenant', scope: '*', period: 'month', limitUsd: '100' },
    ],
  );
  const providers = new Map([[REPLAY, replayProvider(replay.url)]]);
  worker = await hostTestWorker(env, providers, { host: '127.0.0.1', port: 0 });
  client = new Escalier({ address: env.TEMPORAL_ADDRESS, namespace });
  for (const { messages } of set.queries.slice(0, 3)) await client.ask({ task, messages, tenant: TENANT });
});
afterAll(async () => {
  await client.close();
  await worker.stop();
  await replay.close();
});

/** The sum of a metric's samples with these labels, or null where there is none. */
function sum(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | null {
  const values = text.split('\n').flatMap((line) => {
    const [, given = '', value] = new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`).exec(line) ?? [];
    const fits = Object.entries(labels).every(([label, wanted]) => given.includes(`${label}="${wanted}"`));
    return value !== undefined && fits ? [Number(value)] : [];
  });
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
}

describe("a worker's metrics", () => {
  let text: string;
  beforeAll(async () => {
    text = await (await fetch(worker.metricsUrl!)).text();
  });

  test('count what the ledger holds', async () => {
    const { rows } = await database.pool.query<{ model: string; attempts: number; usd: number }>(
      'select model, count(*)::int as attempts, sum(cost_usd)::float8 as usd from attempts group by model',
    );
    expect(rows.length).toBeGreaterThan(1);
    for (const { model, attempts, usd } of rows) {
      const labels = { task, model, provider: REPLAY };
      expect(sum(text, 'escalier_attempts_total', { ...labels, status: 'succeeded' })).toBe(attempts);
      expect(sum(text, 'escalier_cost_usd_total', { ...labels, bound: 'low' })).toBeCloseTo(usd, 10);
      expect(sum(text, 'escalier_cost_usd_total', { ...labels, bound: 'high' })).toBeCloseTo(usd, 10);
      expect(sum(text, 'escalier_attempt_seconds_count', { model })).toBe(attempts);
    }
    expect(sum(text, 'escalier_queries_total')).toBe(3);
    expect(sum(text, 'escalier_query_seconds_count')).toBe(3);
    expect(sum(text, 'escalier_attempts_in_flight')).toBe(0);
  });

  test('tell what the ledger is in', async () => {
    const { rows } = await database.pool.query<{ low: number; attempts: number }>(
      'select sum(low_usd)::float8 as low, sum(attempts)::int as attempts from spend_by_day',
    );
    expect(sum(text, 'escalier_ledger_up')).toBe(1);
    expect(sum(text, 'escalier_ledger_open_attempts')).toBe(0);
    expect(sum(text, 'escalier_ledger_running_queries')).toBe(0);
    expect(sum(text, 'escalier_ledger_spend_today_usd', { bound: 'low' })).toBeCloseTo(rows[0]!.low, 10);
    expect(sum(text, 'escalier_ledger_attempts_today', { task })).toBe(rows[0]!.attempts);
    const left = sum(text, 'escalier_budget_left_usd', { task, period: 'day' });
    expect(left).toBeCloseTo(100 - rows[0]!.low, 10);
    // That of every tenant, and of the one that asked.
    expect(sum(text, 'escalier_tenant_budgets', { period: 'month', used: 'less' })).toBe(2);
  });

  test("hold the SDK's own", async () => {
    // Counted once Temporal has taken the completion, which may be after the caller has the answer.
    const completed = async () =>
      sum(await (await fetch(worker.metricsUrl!)).text(), 'temporal_workflow_completed_total', {
        workflow_type: 'cascade',
      });
    await expect.poll(completed).toBe(3);
    expect(text).toContain('temporal_workflow_task_schedule_to_start_latency_seconds_bucket');
  });

  test('hold every metric that the dashboard draws', async () => {
    const file = new URL('../docker/grafana/escalier.json', import.meta.url);
    const drawn = (await readFile(file, 'utf8')).matchAll(/\b(?:escalier|temporal)_[a-z_]+/g);
    const names = new Set([...drawn].map(([name]) => name.replace(/_(?:bucket|count|sum)$/, '')));
    expect(names.size).toBeGreaterThan(15);
    for (const name of names) expect(text).toMatch(new RegExp(`^# TYPE ${name}\\b`, 'm'));
  });

  test('name no tenant and no query', async () => {
    expect(text).not.toContain(TENANT);
    const { rows } = await database.pool.query<{ id: string }>(
      'select workflow_id as id from queries union select query_id::text from queries',
    );
    for (const { id } of rows) expect(text).not.toContain(id);
  });
});

test('a ledger that is away is told of, and nothing is made up', async () => {
  const pool = openDatabase({ url: 'postgres://nobody@127.0.0.1:9/none' });
  const text = await createLedgerMetrics(pool).metrics();
  expect(sum(text, 'escalier_ledger_up')).toBe(0);
  expect(text).not.toContain('escalier_ledger_open_attempts');
  await pool.end();
});
