import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { inTransaction, onlyRow, sqlState, type Queryable } from './database.ts';

export interface SealOptions {
  /** The most days that one call sums up, oldest first. Default 31. */
  readonly days?: number;
  /** How long to wait for transactions that were writing when a day was marked, in milliseconds. Default 2000. */
  readonly patienceMs?: number;
}

export interface SealedDays {
  /** UTC days, such as `2026-11-01`, that reports now read from the rollups. */
  readonly sealed: readonly string[];
  /** Marked days that stay open until the next call: an older transaction still writes, or the day changed meanwhile. */
  readonly postponed: readonly string[];
}

/** A wait between two looks at who still writes. */
const LOOK_EVERY_MS = 50;
/** Postgres's code for a transaction that another one's change has overtaken. */
const SERIALIZATION_FAILURE = '40001';

/**
 * Sums finished days up into the rollups that the report views read. Bounded, and safe beside writers and other sealers:
 * a day that changes meanwhile stays unsealed, and is read from the base tables until a later call.
 *
 * A day is first marked (committed), so that every later change takes the mark away; then everything that was being
 * written before is waited for; then it is summed up on one snapshot and made ready.
 */
export async function sealReportDays(pool: pg.Pool, options: SealOptions = {}): Promise<SealedDays> {
  const { days = 31, patienceMs = 2000 } = options;
  await pool.query({ name: 'mark-report-days', text: 'select mark_report_days($1)', values: [days] });
  await pool.query({ name: 'watch-report-days', text: 'select watch_report_days()' });
  const until = performance.now() + patienceMs;
  const sealed: string[] = [];
  const postponed: string[] = [];
  for (const day of await markedDays(pool, days)) {
    let done = await sealDay(pool, day);
    while (!done && performance.now() < until) {
      await sleep(LOOK_EVERY_MS);
      done = await sealDay(pool, day);
    }
    (done ? sealed : postponed).push(day);
  }
  return { sealed, postponed };
}

/** A finished day is summed up within the hour, and one that has changed again as soon. */
const EVERY_MS = 60 * 60 * 1000;

/** {@link sealReportDays} now and every hour, for as long as the process runs; `stop` waits for a call that is under way. */
export function keepReportDaysSealed(
  pool: pg.Pool,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const seal = (): void => {
    running = sealReportDays(pool).catch(onError);
  };
  seal();
  const timer = setInterval(seal, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

async function markedDays(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ day: string }>({
    name: 'marked-report-days',
    text: 'select day::text from report_days where not ready order by day limit $1',
    values: [limit],
  });
  return rows.map(({ day }) => day);
}

/** Whether the day is sealed now; false where it has to wait, or has changed. */
async function sealDay(pool: pg.Pool, day: string): Promise<boolean> {
  try {
    return await inTransaction(pool, async (db) => {
      await db.query('set transaction isolation level repeatable read');
      // A day of millions of attempts takes longer than the statements of a query may.
      await db.query('set local statement_timeout = 0');
      const { rows } = await db.query<{ sealed: boolean }>({
        name: 'seal-report-day',
        text: 'select seal_report_day($1::date) as sealed',
        values: [day],
      });
      return onlyRow(rows, `the seal of ${day}`).sealed;
    });
  } catch (error) {
    if (sqlState(error) === SERIALIZATION_FAILURE) return false;
    throw error;
  }
}
