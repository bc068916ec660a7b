import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inTransaction, onlyRow, sqlState, type Queryable } from './database.ts';
import { sealReportDays } from './seal-report-days.ts';

/** What is partitioned by month, in the order in which it goes: what refers to something goes before it. */
const PARENTS = ['labels', 'texts', 'audits', 'attempts', 'queries'] as const;

/** How long a lock is waited for. Whoever comes after waits as long, so it is short, and asked for again. */
const LOCK_TIMEOUT_MS = 500;
const LOCK_TRIES = 20;
const BETWEEN_TRIES_MS = 500;

export interface PrunePartition {
  readonly table: string;
  readonly rows: number;
  /** With indexes and TOAST. */
  readonly bytes: number;
}

export interface PruneMonth {
  /** `2026-01`. */
  readonly month: string;
  readonly partitions: readonly PrunePartition[];
  /** Rows of `query_keys`. */
  readonly keys: number;
  /** Why it stays; null where it goes. */
  readonly keptBecause: string | null;
}

interface Month {
  readonly from: Date;
  readonly to: Date;
  readonly tables: readonly { readonly table: string; readonly bytes: number }[];
}

/**
 * Months of the ledger that ended at least `keepMonths` whole months ago (UTC; the current month is none of them), oldest
 * first, with what is in them.
 */
export async function prunableMonths(pool: pg.Pool, keepMonths: number): Promise<PruneMonth[]> {
  const found: PruneMonth[] = [];
  for (const month of await monthsBefore(pool, keepMonths)) {
    found.push(await inTransaction(pool, (db) => describeMonth(db, month)));
  }
  return found;
}

/**
 * Drops those months with their keys, each in one transaction: it goes as a whole or stays as a whole. Its days are summed
 * up before, so that reports still have them. A month with a running query, an open attempt or a day that could not be
 * summed up stays, and says so.
 * @throws what Postgres says, where a month's locks cannot be had in {@link LOCK_TRIES} tries; months before it are gone.
 */
export async function prune(
  pool: pg.Pool,
  keepMonths: number,
  onMonth: (month: PruneMonth) => void = () => undefined,
): Promise<PruneMonth[]> {
  const done: PruneMonth[] = [];
  for (const month of await monthsBefore(pool, keepMonths)) {
    await sealMonth(pool, month);
    const result = await withShortLocks(() => inTransaction(pool, (db) => dropMonth(db, month)));
    onMonth(result);
    done.push(result);
  }
  return done;
}

/** Sums the month's days up. The oldest days come first, and the months to drop are the oldest. */
async function sealMonth(pool: pg.Pool, month: Month): Promise<void> {
  while ((await unsealedDays(pool, month)) !== null) {
    const { sealed } = await sealReportDays(pool);
    if (sealed.length === 0) return;
  }
}

async function dropMonth(db: Queryable, month: Month): Promise<PruneMonth> {
  const found = await describeMonth(db, month);
  if (found.keptBecause !== null) return found;
  await db.query({ text: `set local lock_timeout = ${LOCK_TIMEOUT_MS}` });
  // First: until this commits, a run of one of these keys waits, so that none is opened again behind our back.
  await db.query({
    text: 'delete from query_keys where started_at >= $1 and started_at < $2',
    values: [month.from, month.to],
  });
  const names = month.tables.map(({ table }) => pg.escapeIdentifier(table)).join(', ');
  await db.query({ text: `lock table ${names} in access exclusive mode` });
  // Nothing can write into the month any more: what was opened since the look above is seen here. By its index, at once.
  const keptBecause = (await openAttempts(db, month)) ?? (await unsealedDays(db, month));
  if (keptBecause !== null) throw new MonthInUse({ ...found, keptBecause });
  await db.query({ text: `drop table ${names}` });
  return found;
}

/** Rolls the transaction back: the month stays with its keys. */
class MonthInUse extends Error {
  override readonly name = 'MonthInUse';
  readonly month: PruneMonth;

  constructor(month: PruneMonth) {
    super(`${month.month} is in use: ${month.keptBecause ?? ''}`);
    this.month = month;
  }
}

async function withShortLocks(work: () => Promise<PruneMonth>): Promise<PruneMonth> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof MonthInUse) return error.month;
      if (!isLockProblem(error) || tries === LOCK_TRIES) throw error;
      await sleep(BETWEEN_TRIES_MS);
    }
  }
}

/** A lock that did not come in time, or a deadlock. */
function isLockProblem(error: unknown): boolean {
  return ['55P03', '40P01'].includes(sqlState(error));
}

async function describeMonth(db: Queryable, month: Month): Promise<PruneMonth> {
  // Counting a month takes longer than a statement of a worker may.
  await db.query({ text: `set local statement_timeout = '30min'` });
  const partitions: PrunePartition[] = [];
  for (const { table, bytes } of month.tables) {
    const { rows } = await db.query<{ rows: number }>({
      text: `select count(*)::float8 as rows from ${pg.escapeIdentifier(table)}`,
    });
    partitions.push({ table, rows: onlyRow(rows, table).rows, bytes });
  }
  const { rows } = await db.query<{ keys: number }>({
    text: 'select count(*)::float8 as keys from query_keys where started_at >= $1 and started_at < $2',
    values: [month.from, month.to],
  });
  return {
    month: month.from.toISOString().slice(0, 7),
    partitions,
    keys: onlyRow(rows, 'the keys').keys,
    keptBecause:
      (await runningQueries(db, month)) ?? (await openAttempts(db, month)) ?? (await openAudits(db, month)),
  };
}

interface InUse {
  readonly n: number;
  readonly example: string | null;
}

async function runningQueries(db: Queryable, { from, to }: Month): Promise<string | null> {
  const { rows } = await db.query<InUse>({
    text: `select count(*)::int as n, min(workflow_id) as example from queries
           where started_at >= $1 and started_at < $2 and status = 'running'`,
    values: [from, to],
  });
  const { n, example } = onlyRow(rows, 'running queries');
  if (n === 0) return null;
  return `${n} of its queries still run, such as workflow ${example}: let them end, or cancel them`;
}

async function openAttempts(db: Queryable, { from, to }: Month): Promise<string | null> {
  const { rows } = await db.query<InUse>({
    text: `select count(*)::int as n, min(attempt_id::text) as example from attempts
           where query_started_at >= $1 and query_started_at < $2 and status = 'started'`,
    values: [from, to],
  });
  const { n, example } = onlyRow(rows, 'open attempts');
  if (n === 0) return null;
  return `${n} of its attempts are still open, such as ${example}: ask their queries again with the same key, or close the rows`;
}

/** Their texts are not partitioned, and would be left behind. */
async function openAudits(db: Queryable, { from, to }: Month): Promise<string | null> {
  const { rows } = await db.query<InUse>({
    text: `select count(*)::int as n, min(query_id::text) as example from audits
           where query_started_at >= $1 and query_started_at < $2 and status in ('due', 'running')`,
    values: [from, to],
  });
  const { n, example } = onlyRow(rows, 'open audits');
  if (n === 0) return null;
  return `${n} of its audits have not ended, such as that of query ${example}: run a worker, whose sweeper starts and ends them`;
}

async function unsealedDays(db: Queryable, { from, to }: Month): Promise<string | null> {
  const { rows } = await db.query<InUse>({
    text: `select count(*)::int as n, min(d.day)::text as example
           from (select distinct (started_at at time zone 'UTC')::date as day from queries where started_at >= $1 and started_at < $2) d
           where not exists (select from report_days r where r.day = d.day and r.ready)`,
    values: [from, to],
  });
  const { n, example } = onlyRow(rows, 'days that are not summed up');
  if (n === 0) return null;
  return `${n} of its days are not summed up for the reports yet, such as ${example}: run it again in a minute`;
}

/** By the partitions' own bounds: their names are no interface. A default partition has none, and is never dropped. */
async function monthsBefore(pool: pg.Pool, keepMonths: number): Promise<Month[]> {
  const { rows } = await pool.query<{ table: string; from: Date; to: Date; bytes: number }>(
    `with partitions as (
       select c.relname as "table", p.relname as parent, pg_total_relation_size(c.oid)::float8 as bytes,
         substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''([^'']+)''\\)')::timestamptz as "from",
         substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \\(''([^'']+)''\\)')::timestamptz as "to"
       from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
       where p.relnamespace = current_schema()::regnamespace and p.relname = any($1::text[])
     )
     select "table", "from", "to", bytes from partitions
     where "to" at time zone 'UTC' <= date_trunc('month', now() at time zone 'UTC') - make_interval(months => $2)
     order by "from", array_position($1::text[], parent::text)`,
    [PARENTS, keepMonths],
  );
  const months = new Map<string, Month & { tables: { table: string; bytes: number }[] }>();
  for (const { table, from, to, bytes } of rows) {
    const key = `${from.toISOString()} ${to.toISOString()}`;
    const month = months.get(key) ?? { from, to, tables: [] };
    month.tables.push({ table, bytes });
    months.set(key, month);
  }
  return [...months.values()];
}
