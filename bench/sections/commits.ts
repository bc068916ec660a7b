import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { MODELS } from '../run/profiles.ts';
import { runCleanly, type Variant, type VariantName } from '../run/variants.ts';

export interface Commits {
  /** Flushes of the write-ahead log that a session waited for. */
  readonly synchronousPerAttempt: number;
  readonly synchronousPerCascade: number;
  /** Transactions of every kind, those that only read among them. */
  readonly transactionsPerCascade: number;
}

export type CommitCounts = Readonly<Partial<Record<VariantName, Commits>>>;

/** A session that ends reports at once, and is gone a moment later (ms). */
const REPORTED_AFTER_MS = 300;

/**
 * Commits of cascades one at a time: side by side, sessions share flushes. A session counts what it waited for in
 * `pg_stat_io` (Postgres 18: https://www.postgresql.org/docs/18/monitoring-stats.html#MONITORING-PG-STAT-IO-VIEW), and reports
 * it at the latest when it ends: so idle sessions are ended before each look.
 */
export async function measureCommits(
  variants: readonly Variant[],
  serverUrl: string,
  cascades: number,
): Promise<CommitCounts> {
  const counts: Partial<Record<VariantName, Commits>> = {};
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    for (const variant of variants) {
      if (variant.databaseUrl === null) continue;
      const database = new URL(variant.databaseUrl).pathname.slice(1);
      // The first one opens connections, and prepares statements.
      await runCleanly(variant, { kind: 'serial', profile: 'instant', count: 2 });
      const before = await look(client, database);
      await runCleanly(variant, { kind: 'serial', profile: 'instant', count: cascades });
      const after = await look(client, database);
      counts[variant.name] = {
        synchronousPerAttempt: (after.flushes - before.flushes) / (cascades * MODELS.length),
        synchronousPerCascade: (after.flushes - before.flushes) / cascades,
        transactionsPerCascade: (after.transactions - before.transactions) / cascades,
      };
    }
  } finally {
    await client.end();
  }
  return counts;
}

async function look(client: pg.Client, database: string): Promise<{ flushes: number; transactions: number }> {
  await client.query(
    `select pg_terminate_backend(pid, 1000) from pg_stat_activity
     where backend_type = 'client backend' and pid <> pg_backend_pid() and state = 'idle'`,
  );
  await sleep(REPORTED_AFTER_MS);
  const { rows } = await client.query<{ flushes: string; transactions: string }>(
    `select (select sum(fsyncs) from pg_stat_io where object = 'wal' and backend_type = 'client backend') as flushes,
       (select sum(xact_commit) from pg_stat_database where datname = $1) as transactions`,
    [database],
  );
  return { flushes: Number(rows[0]?.flushes), transactions: Number(rows[0]?.transactions) };
}
