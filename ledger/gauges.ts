import type { Queryable } from './database.ts';

/** What the ledger is in at a moment, in numbers for a monitor: amounts are rounded to floats, and bill nobody. */
export interface LedgerGauges {
  /** Requests under way, by their rows. */
  readonly openAttempts: number;
  /** Of these, the ones whose time is over: their process was lost, and the next sweep closes them. */
  readonly overdueAttempts: number;
  readonly runningQueries: number;
  readonly spendToday: readonly SpendToday[];
}

/** Of queries that started on this UTC day. */
export interface SpendToday {
  readonly task: string;
  readonly spendClass: string;
  readonly attempts: number;
  readonly lowUsd: number;
  /** Without what nothing bounds. */
  readonly highUsd: number;
}

/** Reads three partial indexes, and the rows of today's queries. */
export async function ledgerGauges(db: Queryable): Promise<LedgerGauges> {
  const [attempts, queries, spend] = await Promise.all([
    db.query<{ open: number; overdue: number }>({
      name: 'gauge-attempts',
      text: `select count(*)::int as open, count(*) filter (where expires_at < now())::int as overdue
             from attempts where status = 'started'`,
    }),
    db.query<{ running: number }>({
      name: 'gauge-queries',
      text: `select count(*)::int as running from queries where status = 'running'`,
    }),
    db.query<SpendToday>({
      name: 'gauge-spend',
      text: `select task, spend_class as "spendClass", sum(attempts)::float8 as attempts, sum(low_usd)::float8 as "lowUsd",
               sum(high_usd)::float8 as "highUsd"
             from spend_by_day where day = (now() at time zone 'UTC')::date group by task, spend_class`,
    }),
  ]);
  return {
    openAttempts: attempts.rows[0]?.open ?? 0,
    overdueAttempts: attempts.rows[0]?.overdue ?? 0,
    runningQueries: queries.rows[0]?.running ?? 0,
    spendToday: spend.rows,
  };
}
