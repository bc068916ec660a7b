import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { sealReportDays } from '../ledger/seal-report-days.ts';
import { useDatabase } from './support/database.ts';

const database = useDatabase();

const VIEWS = ['spend_by_day', 'queries_by_day', 'stages_by_day', 'baselines_by_day', 'double_billing'];
/** Days that are long over: `0` is the latest of them. */
const DAYS = 3;

beforeEach(async () => {
  await database.pool.query('truncate queries, attempts, labels, policies, tasks cascade');
  await database.pool.query('truncate report_days');
  await database.pool.query(`insert into tasks (name, current_version) values ('t', 1)`);
  await database.pool.query(
    `insert into policies (task, version, policy, content_sha256)
     values ('t', 1, '{"chain": [{"model": "small"}, {"model": "large"}]}', 'x'),
       ('t', 2, '{"chain": [{"model": "large"}]}', 'y')`,
  );
});

/** Every row of every view, as text, in one order. */
async function allRows(db: pg.Pool | pg.PoolClient = database.pool): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const view of VIEWS) {
    const { rows } = await db.query<{ row: string }>(`select v::text as row from ${view} v order by 1`);
    all[view] = rows.map(({ row }) => row);
  }
  return all;
}

async function readyDays(): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    'select count(*)::int as n from report_days where ready',
  );
  return rows[0]!.n;
}

const attempt = fc.record({
  purpose: fc.constantFrom('serve', 'serve', 'serve', 'score', 'route', 'audit'),
  status: fc.constantFrom('started', 'succeeded', 'succeeded', 'failed', 'cancelled', 'orphaned'),
  verdict: fc.constantFrom(null, 'accepted', 'corroborated', 'rejected'),
  stage: fc.nat({ max: 2 }),
  model: fc.constantFrom('small', 'large'),
  inputTokens: fc.option(fc.constantFrom(0, 1, 32_000, 32_001, 200_000, 600_000)),
  low: fc.nat({ max: 1_000_000 }),
  more: fc.option(fc.constantFrom(0, 0, 7), { freq: 5 }),
  label: fc.option(fc.boolean()),
});
const query = fc.record({
  day: fc.nat({ max: DAYS - 1 }),
  seconds: fc.constantFrom(0, 1, 43_000, 86_399),
  version: fc.constantFrom(1, 1, 2),
  outcome: fc.option(fc.constantFrom('accepted', 'last-stage', 'cancelled')),
  served: fc.option(fc.nat({ max: 3 })),
  attempts: fc.array(attempt, { maxLength: 5 }),
});
type Query = typeof query extends fc.Arbitrary<infer T> ? T : never;

async function insert(db: pg.Pool | pg.PoolClient, each: Query): Promise<{ id: string; startedAt: string }> {
  const id = randomUUID();
  const ids = each.attempts.map(() => randomUUID());
  const served = each.outcome === null ? null : (ids[each.served ?? 9] ?? null);
  const { rows } = await db.query<{ started_at: string }>(
    `insert into queries (query_id, started_at, task, policy_version, status, outcome, ended_at, served_attempt_id, confidence,
       threshold, retention, namespace, workflow_id, run_id)
     values ($1, date_trunc('day', now(), 'UTC') - make_interval(days => $2::int + 5, secs => -$3::int), 't', $4, $5, $6, $7,
       $8, 0.7, 0.6, 'none', 'default', 'workflow', 'run')
     returning started_at::text`,
    [id, each.day, each.seconds, each.version, ...endOf(each), served],
  );
  const startedAt = rows[0]!.started_at;
  for (const [at, own] of each.attempts.entries()) {
    await db.query(
      `insert into attempts (attempt_id, query_started_at, query_id, task, policy_version, purpose, stage, try, provider, model,
         model_id, status, verdict, input_tokens, cost_low_usd, cost_high_usd, cost_source, started_at, closed_at,
         expires_at, workflow_id, run_id, activity_attempt, worker)
       values ($1, $2, $3, 't', $4, $5, $6, $7, 'vendor', $8, 'm', $9, $10, $11, $12::numeric / 1000000000000,
         $13::numeric / 1000000000000, $14, now(), $15, now(), 'workflow', 'run', 1, 'test')`,
      [
        ...[
          ids[at],
          startedAt,
          id,
          each.version,
          own.purpose,
          own.stage,
          at + 1,
          own.model,
          own.status,
          own.verdict,
        ],
        ...[own.inputTokens, own.low, own.more === null ? null : own.low + own.more],
        ...[own.more === null ? 'unknown' : 'catalogue', own.status === 'started' ? null : new Date()],
      ],
    );
    if (own.label !== null) {
      await db.query(
        `insert into labels (query_started_at, query_id, attempt_id, source, correct) values ($1, $2, $3, 'x', $4)`,
        [startedAt, id, ids[at], own.label],
      );
    }
  }
  return { id, startedAt };
}

function endOf({ outcome }: Query): [string, string | null, Date | null] {
  return outcome === null ? ['running', null, null] : ['ended', outcome, new Date()];
}

/** Changes that come after a day was sealed. */
const LATE: Record<string, string> = {
  'a late close': `update attempts set cost_low_usd = 0.5, cost_high_usd = 0.5, cost_source = 'provider'
    where attempt_id = (select attempt_id from attempts order by attempt_id limit 1)`,
  'a label': `update labels set correct = not correct`,
  'labels that go': `delete from labels`,
  'a query that is opened again': `update queries set status = 'running', outcome = null, ended_at = null`,
  'a query that moves to another day': `update queries set started_at = started_at + interval '1 day'
    where query_id = (select query_id from queries order by query_id limit 1)`,
  'attempts that go': `delete from attempts where purpose = 'serve'`,
};

describe('a sealed day', () => {
  test('has the rows that the base tables give, before and after late changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(query, { minLength: 1, maxLength: 6 }),
        fc.option(query),
        fc.subarray(Object.keys(LATE), { maxLength: 2 }),
        async (queries, late, changes) => {
          await database.pool.query('truncate queries, attempts, labels, report_days');
          for (const each of queries) await insert(database.pool, each);
          const live = await allRows();
          await sealReportDays(database.pool);
          expect(await readyDays()).toBeGreaterThan(0);
          expect(await allRows()).toEqual(live);

          for (const change of changes) await database.pool.query(LATE[change]!);
          if (late !== null) await insert(database.pool, late);
          const changed = await allRows();
          await database.pool.query('truncate report_days');
          expect(changed).toEqual(await allRows());
          await sealReportDays(database.pool);
          expect(await allRows()).toEqual(changed);
        },
      ),
      { numRuns: 25 },
    );
  });

  test.each(Object.entries(LATE))('is unsealed by %s', async (_what, change) => {
    await insert(database.pool, QUERY);
    await sealReportDays(database.pool);
    expect(await readyDays()).toBe(1);
    await database.pool.query(change);
    expect(await readyDays()).toBe(0);
  });

  test('is read from the rollups, and stays readable when its month is gone', async () => {
    const { pool } = database;
    await insert(pool, QUERY);
    await sealReportDays(pool);
    const before = await allRows();
    expect(before['spend_by_day']).toHaveLength(1);
    const client = await pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ name: string }>(
        `select replace(a.tableoid::regclass::text, 'attempts', parent) as name
         from attempts a cross join unnest(array['queries', 'attempts', 'labels', 'texts']) parent`,
      );
      expect(rows).toHaveLength(4);
      for (const { name } of rows) await client.query(`drop table ${name}`);
      expect(await allRows(client)).toEqual(before);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

const ATTEMPT: Query['attempts'][number] = {
  ...({ purpose: 'serve', status: 'succeeded', verdict: 'accepted', stage: 0, model: 'small' } as const),
  ...{ inputTokens: 1 as const, low: 5, more: 0 as const, label: true },
};
const QUERY: Query = {
  ...({ day: 0, seconds: 1, version: 1, outcome: 'accepted', served: 0 } as const),
  attempts: [ATTEMPT],
};

describe('sealing', () => {
  test('takes no day that is not over, and none with running queries or open attempts for three days', async () => {
    const { pool } = database;
    const at = async (days: number, each: Query): Promise<void> => {
      const { id } = await insert(pool, { ...each, attempts: [] });
      await pool.query(
        `update queries set started_at = date_trunc('day', now(), 'UTC') - make_interval(days => $2) + interval '1 hour'
         where query_id = $1`,
        [id, days],
      );
    };
    await at(0, QUERY);
    await at(1, QUERY);
    await at(2, { ...QUERY, outcome: null });
    await at(4, { ...QUERY, outcome: null });
    await sealReportDays(pool);
    const { rows } = await pool.query<{ ago: number }>(
      `select (now() at time zone 'UTC')::date - day as ago from report_days where ready order by day desc`,
    );
    // Three days ago nothing was asked: that is known, too.
    expect(rows.map(({ ago }) => ago)).toEqual([1, 3, 4]);
  });

  test('waits for a transaction that was writing when the day was marked', async () => {
    const { pool } = database;
    await insert(pool, QUERY);
    const writer = await pool.connect();
    try {
      await writer.query('begin');
      await insert(writer, QUERY);
      // The writer has not seen a mark and never will: nothing but waiting helps.
      const first = await sealReportDays(pool, { patienceMs: 100 });
      expect(first).toMatchObject({ sealed: [], postponed: [expect.any(String)] });
      await writer.query('commit');
      const live = await allRows();
      expect(await sealReportDays(pool)).toMatchObject({ sealed: first.postponed, postponed: [] });
      expect(await allRows()).toEqual(live);
      expect(live['queries_by_day']![0]).toContain(',2,2,2,2)');
    } finally {
      writer.release();
    }
  });

  test.each(['commit', 'rollback'])(
    'is void when a change commits while it sums up, and holds when that is undone: %s',
    async (end) => {
      const { pool } = database;
      await insert(pool, QUERY);
      await pool.query('select mark_report_days(10)');
      await pool.query('select watch_report_days()');
      const { rows } = await pool.query<{ day: string }>('select day::text from report_days');
      const day = rows[0]!.day;
      const [sealer, writer] = [await pool.connect(), await pool.connect()];
      try {
        await sealer.query('begin isolation level repeatable read');
        // Its snapshot is taken here, and does not hold what the writer does next.
        await sealer.query('select 1');
        await writer.query('begin');
        await insert(writer, QUERY);
        const sealing = sealer.query('select seal_report_day($1) as sealed', [day]).then(
          () => 'sealed',
          (error: unknown) => (error as { code: string }).code,
        );
        await writer.query(end);
        expect(await sealing).toBe(end === 'commit' ? '40001' : 'sealed');
        await sealer.query('commit');
      } finally {
        sealer.release();
        writer.release();
      }
      expect(await readyDays()).toBe(end === 'commit' ? 0 : 1);
      const rowsNow = await allRows();
      await pool.query('truncate report_days');
      expect(rowsNow).toEqual(await allRows());
    },
  );

  test('a change that waits for the seal takes it away', async () => {
    const { pool } = database;
    await insert(pool, QUERY);
    await pool.query('select mark_report_days(10)');
    await pool.query('select watch_report_days()');
    const { rows } = await pool.query<{ day: string }>('select day::text from report_days');
    const sealer = await pool.connect();
    try {
      await sealer.query('begin isolation level repeatable read');
      expect((await sealer.query('select seal_report_day($1) as sealed', [rows[0]!.day])).rows).toEqual([
        { sealed: true },
      ]);
      const writing = insert(pool, QUERY);
      await sealer.query('commit');
      await writing;
    } finally {
      sealer.release();
    }
    expect(await readyDays()).toBe(0);
  });

  test('a change on a snapshot from before the mark fails rather than escapes it', async () => {
    const { pool } = database;
    await insert(pool, QUERY);
    const writer = await pool.connect();
    try {
      await writer.query('begin isolation level repeatable read');
      await writer.query('select 1 from queries');
      await sealReportDays(pool);
      await expect(insert(writer, QUERY)).rejects.toMatchObject({ code: '40001' });
      await writer.query('rollback');
    } finally {
      writer.release();
    }
    expect(await readyDays()).toBe(1);
  });

  test('needs one snapshot', async () => {
    await expect(database.pool.query(`select seal_report_day('2026-01-01')`)).rejects.toThrow(
      /begin isolation level repeatable read/,
    );
  });

  test('goes on where the last call stopped', async () => {
    for (const day of [0, 1, 2]) await insert(database.pool, { ...QUERY, day });
    expect((await sealReportDays(database.pool, { days: 2 })).sealed).toHaveLength(2);
    expect((await sealReportDays(database.pool, { days: 2 })).sealed).toHaveLength(1);
    expect((await sealReportDays(database.pool, { days: 2 })).sealed).toHaveLength(0);
  });
});
