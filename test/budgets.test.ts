import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { inParallel } from '../activities/in-parallel.ts';
import type { Budget, BudgetPeriod, BudgetScope } from '../core/budget.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import { openAttempt, type Intent, type Opened } from '../ledger/attempts.ts';
import { closeAttempt } from '../ledger/close-attempt.ts';
import { budgetsNow, type BudgetNow } from '../ledger/budget-limits.ts';
import { inTransaction, openDatabase } from '../ledger/database.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { createSweepLedger } from '../ledger/sweep.ts';
import type { QueryRef } from '../ledger/texts.ts';
import { useDatabase } from './support/database.ts';
import { closeOf, intentOf, opened, requestOf, started, storedPolicy, usd } from './support/ledger.ts';

const database = useDatabase();

/** Each test has tasks and tenants of its own: `apply` replaces the tenants' limits. */
let task: string;
let other: string;
let tenant: string;
let count = 0;

beforeAll(async () => {
  // Whoever commits more than a limit is caught in the act, in whatever transaction. No test here lowers one.
  await database.pool.query(`
    create function forbid_overspending() returns trigger language plpgsql as $$
    begin
      if new.committed_usd > new.limit_usd then
        raise exception '% has % committed, over its limit of %', new.budget_key, new.committed_usd, new.limit_usd;
      end if;
      return new;
    end $$;
    create trigger forbid_overspending before insert or update on budget_periods
      for each row execute function forbid_overspending()`);
});

beforeEach(async () => {
  count += 1;
  [task, other, tenant] = [`task-${count}`, `other-${count}`, `tenant-${count}`];
  await applyPolicies(database.pool, [storedPolicy(task), storedPolicy(other)]);
});

function budget(
  scopeKind: BudgetScope,
  scope: string,
  limitUsd: string,
  period: BudgetPeriod = 'day',
): Budget {
  return { scopeKind, scope, period, limitUsd };
}

async function limit(...budgets: Budget[]): Promise<void> {
  await applyPolicies(database.pool, [storedPolicy(task), storedPolicy(other)], budgets);
}

async function query(of: { task?: string; tenant?: string } = {}): Promise<QueryRef> {
  const { task: own = task, ...rest } = of;
  return started(database.pool, own, { request: { ...requestOf(own), ...rest } });
}

function open(of: QueryRef, worstCaseUsd: string | null, overrides: Partial<Intent> = {}): Promise<Opened> {
  return openAttempt(database.pool, intentOf(of, { task, worstCaseUsd, ...overrides }));
}

async function states(): Promise<Record<string, BudgetNow>> {
  const now = await budgetsNow(database.pool);
  return Object.fromEntries(now.map((state) => [`${state.scopeKind} ${state.scope} ${state.period}`, state]));
}

async function committed(scope: string): Promise<string | undefined> {
  return (await states())[scope]?.committedUsd;
}

/** Rows whose counters differ from the attempts that hold their key. */
async function unbalanced(): Promise<unknown[]> {
  const { rows } = await database.pool.query<object>(
    `select p.budget_key, p.committed_usd, p.open_usd, p.reservations, a.*
     from budget_periods p, lateral (
       select coalesce(sum(cost_high_usd), 0) as high,
         coalesce(sum(cost_high_usd) filter (where status in ('started', 'orphaned')), 0) as open, count(*) as n,
         coalesce(bool_or(cost_high_usd is null), false) as unknown
       from attempts where p.budget_key = any(budget_keys)) a
     where not unknown and (p.committed_usd, p.open_usd, p.reservations) is distinct from (a.high, a.open, a.n)`,
  );
  return rows;
}

describe('a reservation', () => {
  test('holds the worst case, and a close settles it to what the request cost; again changes nothing', async () => {
    await limit(budget('task', task, '1'));
    const of = await query();
    const attemptId = await opened(database.pool, of, { task, worstCaseUsd: '0.4' });
    expect((await states())[`task ${task} day`]).toMatchObject({
      committedUsd: '0.4',
      openUsd: '0.4',
      reservations: 1,
    });
    const close = closeOf(of, attemptId, { cost: usd('0.123456789012') });
    await closeAttempt(database.pool, null, close);
    await closeAttempt(database.pool, null, close);
    await closeAttempt(database.pool, null, { ...close, cost: usd('0.2') });
    expect((await states())[`task ${task} day`]).toMatchObject({
      committedUsd: '0.123456789012',
      openUsd: '0',
      reservations: 1,
      denials: 0,
    });
  });

  test('of an orphan stays with all that it can cost, and a late close settles it', async () => {
    await limit(budget('task', task, '1'));
    const of = await query();
    const lost = await opened(database.pool, of, { task, worstCaseUsd: '0.4' });
    const next = await opened(database.pool, of, { task, worstCaseUsd: '0.4' });
    expect(await committed(`task ${task} day`)).toBe('0.8');
    await closeAttempt(database.pool, null, closeOf(of, next, { cost: usd('0.1') }));
    expect((await states())[`task ${task} day`]).toMatchObject({ committedUsd: '0.5', openUsd: '0.4' });
    await closeAttempt(database.pool, null, closeOf(of, lost, { cost: usd('0.2') }));
    expect((await states())[`task ${task} day`]).toMatchObject({ committedUsd: '0.3', openUsd: '0' });
  });

  test('of a request whose cost became unknown stays', async () => {
    await limit(budget('task', task, '1'));
    const of = await query();
    const attemptId = await opened(database.pool, of, { task, worstCaseUsd: '0.4' });
    await closeAttempt(database.pool, null, closeOf(of, attemptId, { cost: { low: 0n, high: null } }));
    expect((await states())[`task ${task} day`]).toMatchObject({ committedUsd: '0.4', openUsd: '0' });
  });

  test('follows what the provider tells of the cost later', async () => {
    await limit(budget('task', task, '1'));
    const of = await query();
    const attemptId = await opened(database.pool, of, { task, worstCaseUsd: '0.4' });
    const bounds = { low: 0n, high: parseUsd('0.4') };
    await closeAttempt(database.pool, null, closeOf(of, attemptId, { status: 'failed', cost: bounds }));
    const told = { attemptId, queryStartedAt: of.startedAt, costUsd: '0.05', usage: null };
    const sweep = createSweepLedger(database.pool);
    expect([await sweep.settleCost(told), await sweep.settleCost(told)]).toEqual([true, false]);
    expect((await states())[`task ${task} day`]).toMatchObject({ committedUsd: '0.05', openUsd: '0' });
  });

  test('fits up to the limit, to the picodollar', async () => {
    await limit(budget('task', task, '1'));
    expect(await open(await query(), '0.4')).toMatchObject({ type: 'opened' });
    expect(await open(await query(), '0.600000000001')).toMatchObject({ type: 'denied' });
    expect(await open(await query(), '0.6')).toMatchObject({ type: 'opened' });
    expect(await open(await query(), '0.000000000001')).toMatchObject({ type: 'denied' });
  });

  test('settles in the day in which the attempt was opened, also after midnight', async () => {
    await limit(budget('task', task, '1'), budget('task', task, '5', 'month'));
    const of = await query();
    const attemptId = await opened(database.pool, of, { task, worstCaseUsd: '0.4' });
    // As if it had been opened on the last day of an earlier month.
    const rename = `replace(replace($1, ':day:' || to_char(now() at time zone 'UTC', 'YYYY-MM-DD'), ':day:2020-01-31'),
      ':month:' || to_char(now() at time zone 'UTC', 'YYYY-MM-"01"'), ':month:2020-01-01')`;
    await database.pool.query(
      `update budget_periods set budget_key = ${rename.replace('$1', 'budget_key')},
         period_start = case period when 'day' then date '2020-01-31' else date '2020-01-01' end where scope = $1`,
      [task],
    );
    await database.pool.query(
      `update attempts set started_at = '2020-01-31T23:59:59.9Z',
         budget_keys = array(select ${rename.replace('$1', 'k')} from unnest(budget_keys) k) where attempt_id = $1`,
      [attemptId],
    );
    const today = await opened(database.pool, await query(), { task, worstCaseUsd: '0.7' });
    await closeAttempt(database.pool, null, closeOf(of, attemptId, { cost: usd('0.1') }));
    const { rows } = await database.pool.query(
      `select budget_key, committed_usd::float8 as committed from budget_periods where scope = $1 and period_start < '2021-01-01'
       order by 1`,
      [task],
    );
    expect(rows).toEqual([
      { budget_key: `task:day:2020-01-31:${task}`, committed: 0.1 },
      { budget_key: `task:month:2020-01-01:${task}`, committed: 0.1 },
    ]);
    expect(await committed(`task ${task} day`)).toBe('0.7');
    expect(await committed(`task ${task} month`)).toBe('0.7');
    expect(today).not.toBe(attemptId);
    expect(await unbalanced()).toEqual([]);
  });

  // At any hour one of the two is in another day than UTC.
  test.each(['Pacific/Kiritimati', 'Etc/GMT+12'])(
    'counts in the UTC day and month of the attempt’s own instant, in a session of %s',
    async (zone) => {
      await limit(budget('task', task, '1'), budget('task', task, '5', 'month'));
      const of = await query();
      const pool = openDatabase({ url: database.url, connections: 1 });
      try {
        await pool.query(`set time zone '${zone}'`);
        await pool.query(`set datestyle = 'German'`);
        const attemptId = await opened(pool, of, { task });
        const { rows } = await pool.query<{ keys: string[]; expected: string[] }>(
          `select budget_keys as keys, array['task:day:' || to_char(started_at at time zone 'UTC', 'YYYY-MM-DD') || ':${task}',
           'task:month:' || to_char(started_at at time zone 'UTC', 'YYYY-MM-"01"') || ':${task}'] as expected
         from attempts where attempt_id = $1`,
          [attemptId],
        );
        expect(rows[0]!.keys).toEqual(rows[0]!.expected);
      } finally {
        await pool.end();
      }
    },
  );
});

describe('a denied intent', () => {
  test('leaves no row and reserves nothing, also where another budget had room', async () => {
    await limit(
      budget('task', task, '10'),
      budget('task', task, '0.5', 'month'),
      budget('tenant', tenant, '10'),
    );
    const of = await query({ tenant });
    expect(await open(of, '0.4')).toMatchObject({ type: 'opened' });
    const denied = await open(of, '0.2', { stage: 1 });
    expect(denied).toMatchObject({
      type: 'denied',
      budgets: [{ scopeKind: 'task', scope: task, period: 'month', limitUsd: '0.5', committedUsd: '0.4' }],
    });
    expect(await states()).toMatchObject({
      [`task ${task} day`]: { committedUsd: '0.4', reservations: 1, denials: 0 },
      [`task ${task} month`]: { committedUsd: '0.4', reservations: 1, denials: 1 },
      [`tenant ${tenant} day`]: { committedUsd: '0.4', reservations: 1, denials: 0 },
    });
    expect(await unbalanced()).toEqual([]);
  });

  test('is denied by a row that it makes itself, where the worst case is over the whole limit', async () => {
    await limit(budget('task', task, '0.1'), budget('task', task, '9', 'month'));
    expect(await open(await query(), '0.2')).toMatchObject({ type: 'denied', budgets: [{ period: 'day' }] });
    expect(await states()).toMatchObject({
      [`task ${task} day`]: { committedUsd: '0', reservations: 0, denials: 1 },
      [`task ${task} month`]: { committedUsd: '0', reservations: 0, denials: 0 },
    });
  });

  test('whose worst case is unknown is denied under any budget, and under none opened', async () => {
    await limit(budget('task', task, '1000000'));
    expect(await open(await query(), null)).toMatchObject({ type: 'denied', budgets: [{ scope: task }] });
    const free = await query({ task: other });
    expect(await open(free, null, { task: other })).toMatchObject({ type: 'opened' });
  });

  test('leaves the supersede of an older try', async () => {
    await limit(budget('task', task, '0.5'));
    const of = await query();
    await opened(database.pool, of, { task, worstCaseUsd: '0.4' });
    expect(await open(of, '0.4')).toMatchObject({ type: 'denied' });
    const { rows } = await database.pool.query('select status from attempts where query_id = $1', [
      of.queryId,
    ]);
    expect(rows).toEqual([{ status: 'orphaned' }]);
    expect((await states())[`task ${task} day`]).toMatchObject({ committedUsd: '0.4', openUsd: '0.4' });
  });

  test('does not open an ended query again', async () => {
    await limit(budget('task', task, '0.5'));
    const of = await query();
    await database.pool.query(
      `update queries set status = 'ended', outcome = 'cancelled', ended_at = now() where query_id = $1`,
      [of.queryId],
    );
    expect(await open(of, '0.6')).toMatchObject({ type: 'denied' });
    const status = 'select status from queries where query_id = $1';
    expect((await database.pool.query(status, [of.queryId])).rows).toEqual([{ status: 'ended' }]);
    expect(await open(of, '0.4')).toMatchObject({ type: 'opened' });
    expect((await database.pool.query(status, [of.queryId])).rows).toEqual([{ status: 'running' }]);
  });
});

describe('a budget', () => {
  test('of a tenant holds over all tasks; queries without a tenant are under none', async () => {
    await limit(budget('tenant', tenant, '1'));
    expect(await open(await query({ tenant }), '0.6')).toMatchObject({ type: 'opened' });
    const elsewhere = await query({ task: other, tenant });
    expect(await open(elsewhere, '0.6', { task: other })).toMatchObject({ type: 'denied' });
    expect(await open(elsewhere, '0.4', { task: other })).toMatchObject({ type: 'opened' });
    expect(await open(await query(), '50')).toMatchObject({ type: 'opened' });
    expect(await open(await query({ tenant: 'somebody else' }), '50')).toMatchObject({ type: 'opened' });
    expect(await committed(`tenant ${tenant} day`)).toBe('1');
  });

  test('of * is one for each tenant without an entry of its own', async () => {
    await limit(budget('tenant', '*', '1'), budget('tenant', tenant, '2', 'month'));
    for (const name of ['one', 'two:day:*']) {
      expect(await open(await query({ tenant: name }), '0.9')).toMatchObject({ type: 'opened' });
      expect(await open(await query({ tenant: name }), '0.2')).toMatchObject({
        type: 'denied',
        budgets: [{ scopeKind: 'tenant', scope: name, limitUsd: '1' }],
      });
    }
    expect(await open(await query({ tenant }), '1.5')).toMatchObject({ type: 'opened' });
    const now = await states();
    expect(now['tenant one day']).toMatchObject({ limitUsd: '1', committedUsd: '0.9', denials: 1 });
    expect(now['tenant two:day:* day']).toMatchObject({ committedUsd: '0.9' });
    expect(now['tenant * day']).toMatchObject({ limitUsd: '1', committedUsd: '0' });
    expect(now[`tenant ${tenant} month`]).toMatchObject({ committedUsd: '1.5' });
    expect(now[`tenant ${tenant} day`]).toBeUndefined();
  });

  test('counts from when it is applied; raised it holds at once, lowered too, and removed it is gone', async () => {
    expect(await open(await query(), '5')).toMatchObject({ type: 'opened' });
    await limit(budget('task', task, '1'));
    const of = await query();
    expect(await open(of, '0.9')).toMatchObject({ type: 'opened' });
    expect(await open(of, '0.9', { stage: 1 })).toMatchObject({ type: 'denied' });
    await limit(budget('task', task, '2'));
    expect(await open(of, '0.9', { stage: 1 })).toMatchObject({ type: 'opened' });
    await limit(budget('task', task, '1.9'));
    expect(await open(of, '0.2', { stage: 2 })).toMatchObject({
      type: 'denied',
      budgets: [{ limitUsd: '1.9', committedUsd: '1.8' }],
    });
    await limit();
    const attemptId = await opened(database.pool, of, { task, stage: 2, worstCaseUsd: '100' });
    const { rows } = await database.pool.query('select budget_keys from attempts where attempt_id = $1', [
      attemptId,
    ]);
    expect(rows).toEqual([{ budget_keys: null }]);
  });

  test('of a task that is not applied again stays', async () => {
    await limit(budget('task', task, '1'));
    await applyPolicies(database.pool, [storedPolicy(other)], []);
    expect(await open(await query(), '2')).toMatchObject({ type: 'denied' });
    await applyPolicies(database.pool, [storedPolicy(task)]);
    expect(await open(await query(), '2')).toMatchObject({ type: 'denied' });
    await applyPolicies(database.pool, [storedPolicy(task)], []);
    expect(await open(await query(), '2')).toMatchObject({ type: 'opened' });
  });

  test('keeps its last tenth for first stages where the intent says so', async () => {
    await limit(budget('task', task, '1'));
    const later = { stage: 1, sparesFirstStages: true };
    expect(await open(await query(), '0.900000000001', later)).toMatchObject({ type: 'denied' });
    expect(await open(await query(), '0.9', later)).toMatchObject({ type: 'opened' });
    expect(await open(await query(), '0.01', later)).toMatchObject({ type: 'denied' });
    expect(await open(await query(), '0.1')).toMatchObject({ type: 'opened' });
  });

  test('cost a ledger without any nothing: an attempt is opened by one statement and closed by one', async () => {
    await limit();
    const of = await query();
    const statements = async (stage: number): Promise<number> => {
      let seen = 0;
      const pool = openDatabase({ url: database.url, connections: 1 });
      const client = await pool.connect();
      const send = client.query.bind(client) as (...args: unknown[]) => unknown;
      client.query = ((...args: unknown[]) => {
        seen += 1;
        return send(...args);
      }) as typeof client.query;
      client.release();
      const attemptId = await opened(pool, of, { task, stage });
      await closeAttempt(pool, null, closeOf(of, attemptId, { status: 'failed' }));
      await pool.end();
      return seen;
    };
    // The first open of a run hands the query over to it.
    await statements(0);
    expect(await statements(1)).toBe(2);
    await limit(budget('task', task, '10'));
    // Both are tried in vain. Then: begin, lock the query, its attempts, insert, commit; begin, lock, close, settle, commit.
    expect(await statements(2)).toBe(12);
  });
});

describe('at once', () => {
  test('a hundred openers of a budget of a hundred never commit more, and use it up', async () => {
    await limit(budget('task', task, '1'), budget('tenant', tenant, '0.5', 'month'));
    const queries = await Promise.all(Array.from({ length: 100 }, () => query({ tenant })));
    const results = await inParallel(queries, 10, (of) => open(of, '0.01'));
    expect(results.filter(({ type }) => type === 'opened')).toHaveLength(50);
    expect(await states()).toMatchObject({
      [`task ${task} day`]: { committedUsd: '0.5', reservations: 50, denials: 0 },
      [`tenant ${tenant} month`]: { committedUsd: '0.5', reservations: 50, denials: 50 },
    });
  });

  test('any interleaving of open, close, orphan and late close balances, without a deadlock', async () => {
    await limit(
      budget('task', task, '1'),
      budget('task', task, '3', 'month'),
      budget('task', other, '1'),
      budget('tenant', tenant, '1'),
      budget('tenant', '*', '0.7'),
    );
    const cents = fc.integer({ min: 0, max: 30 }).map((n) => formatUsd(parseUsd('0.01') * BigInt(n)));
    const move = fc.record({
      query: fc.nat(7),
      stage: fc.nat(2),
      worst: cents,
      cost: cents,
      act: fc.constantFrom('open', 'open', 'close', 'close', 'close-again'),
      spares: fc.boolean(),
    });
    const pools = Array.from({ length: 3 }, () => openDatabase({ url: database.url, connections: 3 }));
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(move, { maxLength: 12 }), { minLength: 2, maxLength: 6 }),
          async (workers) => {
            const queries = await Promise.all(
              Array.from({ length: 8 }, (_, n) =>
                query({
                  task: n % 2 === 0 ? task : other,
                  ...(n < 3 ? { tenant } : n < 6 ? { tenant: `t${n % 2}` } : {}),
                }),
              ),
            );
            const open = new Map<string, { of: QueryRef; worst: string }>();
            const outcomes = await Promise.allSettled(
              workers.map(async (moves, worker) => {
                const pool = pools[worker % pools.length]!;
                for (const { act, query: n, stage, worst, cost, spares } of moves) {
                  const of = queries[n]!;
                  if (act === 'open') {
                    const intent = {
                      task: n % 2 === 0 ? task : other,
                      stage,
                      worstCaseUsd: worst,
                      sparesFirstStages: spares,
                    };
                    const result = await openAttempt(pool, intentOf(of, intent));
                    if (result.type === 'opened') open.set(result.attemptId, { of, worst });
                    continue;
                  }
                  // Whoever comes first: the attempt may have been orphaned by a later try meanwhile.
                  const [attemptId, about] = [...open][stage % Math.max(1, open.size)] ?? [];
                  if (attemptId === undefined || about === undefined) continue;
                  if (act === 'close') open.delete(attemptId);
                  // Failures, so that a call can be made again; never more than the worst case, which the trigger would refuse.
                  const high = parseUsd(cost) < parseUsd(about.worst) ? cost : about.worst;
                  await closeAttempt(
                    pool,
                    null,
                    closeOf(about.of, attemptId, { status: 'failed', cost: usd(high) }),
                  );
                }
              }),
            );
            expect(
              outcomes.flatMap((outcome) =>
                outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
              ),
            ).toEqual([]);
            expect(await unbalanced()).toEqual([]);
          },
        ),
        { numRuns: 25 },
      );
    } finally {
      await Promise.all(pools.map((pool) => pool.end()));
    }
  });

  test('opens and closes over two budgets that are named in either order do not deadlock', async () => {
    const names = ['a', 'b'].map((name) => `${name}-${randomUUID()}`);
    await limit(
      budget('task', task, '100'),
      ...names.map((name) => budget('tenant', name, '100')),
      budget('task', other, '100'),
    );
    const work = Array.from({ length: 60 }, async (_, n) => {
      const own = n % 2 === 0 ? task : other;
      const of = await query({ task: own, tenant: names[(n >> 1) % 2]! });
      const attemptId = await opened(database.pool, of, { task: own, worstCaseUsd: '0.5' });
      await closeAttempt(database.pool, null, closeOf(of, attemptId));
    });
    await Promise.all(work);
    expect(await unbalanced()).toEqual([]);
  });

  test('a budget’s row that another transaction holds is waited for, not read around', async () => {
    await limit(budget('task', task, '1'));
    const of = await query();
    await opened(database.pool, of, { task, worstCaseUsd: '0.1' });
    const second = await query();
    let waiting: Promise<Opened> | undefined;
    await inTransaction(database.pool, async (db) => {
      await db.query({
        text: 'update budget_periods set committed_usd = 0.95 where scope = $1',
        values: [task],
      });
      waiting = open(second, '0.1');
      for (;;) {
        const { rows } = await database.pool.query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        if (rows[0]!.n > 0) break;
      }
    });
    expect(await waiting).toMatchObject({ type: 'denied', budgets: [{ committedUsd: '0.95' }] });
  });
});
