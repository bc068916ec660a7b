import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { prunableMonths, prune } from '../ledger/prune.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { startQuery } from '../ledger/start-query.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import {
  attempted,
  ended,
  newRun,
  opened,
  requestOf,
  servedBy,
  started,
  storedPolicy,
} from './support/ledger.ts';
import type { QueryRun } from '../ledger/queries.ts';
import type { QueryRef } from '../ledger/texts.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
  await applyPolicies(database.pool, [storedPolicy('task')]);
  return () => database.pool.end();
});

/** `2024-01` and the like: long before any month that the ledger makes by itself. */
async function makeMonth(month: string): Promise<void> {
  for (const parent of ['queries', 'attempts', 'labels', 'texts']) {
    await database.pool.query(
      `create table ${parent}_${month.replace('-', '_')} partition of ${parent}
       for values from ('${month}-01 00:00Z') to ('${next(month)}-01 00:00Z')`,
    );
  }
}

function next(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number)).toISOString().slice(0, 7);
}

/** A query of that month with a key, as if it had started then. */
async function queryOf(month: string, run: QueryRun = newRun()): Promise<QueryRef> {
  const query = { queryId: randomUUID(), startedAt: `${month}-15T10:00:00.123456Z` };
  await database.pool.query(
    `insert into query_keys (namespace, workflow_id, query_id, started_at, request_sha256)
     select $1, $2, $3, $4, request_sha256 from query_keys where workflow_id = $5`,
    [run.namespace, run.workflowId, query.queryId, query.startedAt, await sameRequest()],
  );
  await database.pool.query(
    `insert into queries (query_id, started_at, task, policy_version, retention, namespace, workflow_id, run_id)
     values ($1, $2, 'task', 1, 'full', $3, $4, 'run')`,
    [query.queryId, query.startedAt, run.namespace, run.workflowId],
  );
  return query;
}

async function spendByDay(): Promise<unknown[]> {
  const { rows } = await database.pool.query<Record<string, unknown>>(
    `select * from spend_by_day where day < '2025-01-01' order by day, model, spend_class`,
  );
  return rows;
}

async function sameRequest(): Promise<string> {
  const run = newRun();
  await started(database.pool, 'task', { run });
  return run.workflowId;
}

async function endedQueryOf(month: string, run?: QueryRun): Promise<QueryRef> {
  const query = await queryOf(month, run);
  const attemptId = await attempted(database.pool, query, {});
  await ended(database.pool, query, servedBy(attemptId));
  return query;
}

async function count(table: string, where = 'true'): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    `select count(*)::int as n from ${table} where ${where}`,
  );
  return rows[0]!.n;
}

describe('prune', () => {
  test('drops old months with their keys, and nothing else', async () => {
    await makeMonth('2024-01');
    await makeMonth('2024-02');
    const run = newRun();
    await endedQueryOf('2024-01', run);
    await endedQueryOf('2024-02');
    const young = await count('queries', `started_at > '2025-01-01'`);
    const planned = await prunableMonths(database.pool, 3);
    expect(planned.map(({ month, keys, keptBecause }) => ({ month, keys, keptBecause }))).toEqual([
      { month: '2024-01', keys: 1, keptBecause: null },
      { month: '2024-02', keys: 1, keptBecause: null },
    ]);
    expect(planned[0]!.partitions.map(({ table, rows }) => `${table} ${rows}`)).toEqual([
      'labels_2024_01 0',
      'texts_2024_01 1',
      'attempts_2024_01 1',
      'queries_2024_01 1',
    ]);
    expect(planned[0]!.partitions.every(({ bytes }) => bytes > 0)).toBe(true);
    expect(await count('queries', `started_at < '2025-01-01'`)).toBe(2);

    const before = await spendByDay();
    expect(before.length).toBeGreaterThan(0);
    const gone = await prune(database.pool, 3);
    expect(gone.map(({ month, keptBecause }) => [month, keptBecause])).toEqual([
      ['2024-01', null],
      ['2024-02', null],
    ]);
    expect(await spendByDay(), 'reports still have the month').toEqual(before);
    expect(await count('queries')).toBe(young);
    expect(await count('query_keys', `started_at < '2025-01-01'`)).toBe(0);
    expect(await count('query_keys')).toBe(young);
    expect(await prune(database.pool, 3)).toEqual([]);

    // The old key is a new query.
    const again = await startQuery(database.pool, null, run, requestOf('task'));
    expect(again.type).toBe('started');
    expect(await count('queries')).toBe(young + 1);
  });

  test('counts whole months: the one that ended N months ago goes, the next stays', async () => {
    const { rows } = await database.pool.query<{ month: string }>(
      `select to_char(now() at time zone 'UTC' - make_interval(months => n), 'YYYY-MM') as month
       from generate_series(3, 4) n order by n`,
    );
    for (const { month } of rows) await makeMonth(month);
    // Kept: the current month and the 3 before it. The 4th before it goes.
    expect((await prunableMonths(database.pool, 3)).map(({ month }) => month)).toEqual([rows[1]!.month]);
    expect((await prunableMonths(database.pool, 4)).map(({ month }) => month)).toEqual([]);
  });

  test('keeps a month with a running query or an open attempt, with its keys, and says why', async () => {
    await makeMonth('2024-01');
    await makeMonth('2024-02');
    await makeMonth('2024-03');
    await queryOf('2024-01');
    const open = await endedQueryOf('2024-02');
    await opened(database.pool, open, { stage: 1 });
    // As it stands after a lost process: the query has ended, the attempt has not.
    await database.pool.query(
      `update queries set status = 'ended', outcome = 'failed', ended_at = now() where query_id = $1`,
      [open.queryId],
    );
    await endedQueryOf('2024-03');
    const result = await prune(database.pool, 1);
    expect(result.map(({ month, keptBecause }) => [month, keptBecause])).toEqual([
      ['2024-01', expect.stringMatching(/^1 of its queries still run, such as workflow test\//)],
      ['2024-02', expect.stringMatching(/^1 of its attempts are still open/)],
      ['2024-03', null],
    ]);
    expect(await count('query_keys', `started_at < '2025-01-01'`)).toBe(2);
    expect(await count('queries', `started_at < '2025-01-01'`)).toBe(2);
  });

  test('waits for a reader with short locks, and takes all or nothing', async () => {
    await makeMonth('2024-01');
    await endedQueryOf('2024-01');
    const reader = await database.pool.connect();
    await reader.query('begin');
    await reader.query('select count(*) from queries');
    const pruning = prune(database.pool, 1);
    // Its first wait for a lock has ended when the second begins; the month's keys are there all the while.
    await expect
      .poll(() => count('pg_stat_activity', `wait_event_type = 'Lock' and query like 'lock table%'`), {
        timeout: 30_000,
        interval: 20,
      })
      .toBeGreaterThan(0);
    expect(await count('query_keys', `started_at < '2025-01-01'`)).toBe(1);
    await reader.query('commit');
    reader.release();
    expect((await pruning).map(({ keptBecause }) => keptBecause)).toEqual([null]);
    expect(await count('query_keys', `started_at < '2025-01-01'`)).toBe(0);
  });
});

describe('a key whose month is gone', () => {
  test('is a new query', async () => {
    await makeMonth('2024-01');
    const run = newRun();
    const before = await endedQueryOf('2024-01', run);
    await database.pool.query('drop table queries_2024_01, attempts_2024_01, labels_2024_01, texts_2024_01');
    const result = await startQuery(database.pool, null, run, requestOf('task'));
    expect(result).toMatchObject({ type: 'started' });
    expect(result.type === 'started' && result.query.queryId).not.toBe(before.queryId);
    expect(await count('query_keys', `workflow_id = '${run.workflowId}'`)).toBe(1);
  });

  test('a missing current month is an error, and no key is lost', async () => {
    const run = newRun();
    await started(database.pool, 'task', { run });
    const { rows } = await database.pool.query<{ name: string }>(
      `select tableoid::regclass::text as name from queries limit 1`,
    );
    await database.pool.query(`drop table ${rows[0]!.name}`);
    await expect(startQuery(database.pool, null, run, requestOf('task'))).rejects.toThrow('no partition');
    expect(await count('query_keys')).toBe(1);
  });
});
