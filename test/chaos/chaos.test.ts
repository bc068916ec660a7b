import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Escalier } from '../../client/index.ts';
import { packageFolder } from '../../cli/package-folder.ts';
import { auditWorkflowId } from '../../core/temporal-names.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import { readRecordedSet } from '../../recorded/read.ts';
import { startReplay } from '../../replay/server.ts';
import { buildTo } from '../support/build.ts';
import { useDatabase } from '../support/database.ts';
import { fewestKills, KILL_KINDS } from './kill-plan.ts';
import { startWorkerProcess } from './one-worker.ts';
import { chaosPolicy } from './policy.ts';
import type { Tally } from './tally.ts';

/** A call whose worker died is tried again after 15 s without a heartbeat, and the servers are started again. */
const WITHIN_MS = 900_000;

/** A heartbeat is missed after 15 s; the rest is two starts of a worker. */
const AUDIT_WITHIN_MS = 180_000;

const database = useDatabase();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-chaos-build-'));
  await chmod(folder, 0o755);
  await buildTo(folder, join(import.meta.dirname, 'tsconfig.json'));
  // Once, instead of by every worker that is started again.
  await promisify(execFile)(process.execPath, [join(folder, 'worker', 'build-bundle.js')]);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('each kind of kill once: no answer is lost, and the books agree', { timeout: WITHIN_MS }, async () => {
  const kills = fewestKills();
  const main = join(folder, 'test', 'chaos', 'main.js');
  const child = spawn(process.execPath, [main, '--json', '--kills', String(kills), '--queries', '30'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  expect(stdout, stderr).not.toBe('');
  const tally = JSON.parse(stdout) as Tally;
  expect(
    Object.entries(tally.checks).filter(([, { violations }]) => violations > 0),
    stderr,
  ).toEqual([]);
  expect(tally.kills).toEqual({
    total: kills,
    ...Object.fromEntries(KILL_KINDS.map((kind) => [kind, expect.any(Number)])),
  });
  expect(KILL_KINDS.filter((kind) => (tally.kills[kind] ?? 0) === 0)).toEqual([]);
  expect(tally.rows['orphaned']).toBeGreaterThan(0);
  expect(exit[0]).toBe(0);
});

test(
  'an audit whose worker is killed with a response that Temporal has not heard of does not buy it again',
  { timeout: AUDIT_WITHIN_MS },
  async () => {
    const set = await readRecordedSet(join(packageFolder(), 'demo', 'recorded'));
    const policy = chaosPolicy(set);
    const options = { regex: '.' };
    const scorer = { name: 'validator', options, models: [], remote: false, scoresLastStage: true };
    await applyPolicies(database.pool, [{ ...policy, scorer, audit: { share: 1 } }]);
    const vendor = await startReplay({ set });
    const temporalAddress = inject('temporalAddress');
    const orders = {
      ...{ databaseUrl: database.url, temporalAddress, vendorUrl: vendor.url, taskQueue: 'killed-audit' },
    };
    // The first response that is closed is the served one, the second the audit's first.
    const first = startWorkerProcess(folder, orders, { point: 'close-committed', nth: 2 });
    const workers = [first];
    const connection = await Connection.connect({ address: temporalAddress });
    const client = new Escalier({ address: temporalAddress, taskQueue: orders.taskQueue });
    try {
      const [{ messages }] = set.queries as [(typeof set.queries)[number]];
      const ask = { task: policy.task, messages, idempotencyKey: 'killed-audit/1' };
      const answer = await client.ask(ask);
      const audit = await new Client({ connection }).workflow.start('audit', {
        taskQueue: orders.taskQueue,
        workflowId: auditWorkflowId(answer.queryId),
        args: [{ queryId: answer.queryId, startedAt: answer.startedAt }],
        // A sweep may have started it.
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
      expect(await first.ended).toBe('SIGKILL');
      workers.push(startWorkerProcess(folder, orders, null));
      expect(await audit.result()).toMatchObject({ message: null });
      expect(await client.ask(ask)).toEqual(answer);
      expect(vendor.meter.entries().map(({ model }) => model)).toEqual(['small', 'medium', 'large']);
      const { rows } = await database.pool.query(
        'select model, purpose, status from attempts where query_id = $1 order by started_at',
        [answer.queryId],
      );
      expect(rows).toEqual([
        { model: 'small', purpose: 'serve', status: 'succeeded' },
        { model: 'medium', purpose: 'audit', status: 'succeeded' },
        { model: 'large', purpose: 'audit', status: 'succeeded' },
      ]);
    } finally {
      for (const worker of workers) await worker.stop();
      await client.close();
      await connection.close();
      await vendor.close();
    }
  },
);
