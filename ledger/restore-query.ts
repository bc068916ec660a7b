import type pg from 'pg';
import type { CascadeRequest } from '../core/request.ts';
import { inTransaction } from './database.ts';
import { policyVersion } from './policies.ts';
import { claimKey, findQuery, insertQuery, type QueryRun } from './queries.ts';
import type { QueryRef, Sealer } from './texts.ts';

/** A query as its plan knows it. */
export interface PlannedQuery extends QueryRef {
  readonly policyVersion: number;
}

/**
 * Opens a query again under its own ids. A start is committed without waiting for the disk, and is on it at the latest with the
 * query's first intent; a crash of Postgres in between loses it, before anything was asked of a provider.
 * @returns false where the key stands for another query by now: another run has started it anew.
 */
export async function restoreQuery(
  pool: pg.Pool,
  sealer: Sealer | null,
  run: QueryRun,
  request: CascadeRequest,
  lost: PlannedQuery,
): Promise<boolean> {
  return inTransaction(pool, async (db) => {
    const key = await claimKey(db, run, request, lost);
    if (key.queryId !== lost.queryId) return false;
    if ((await findQuery(db, key)) === null) {
      const version = lost.policyVersion;
      const policy = await policyVersion(db, request.task, version);
      await insertQuery(db, sealer, { key, run, request, version, policy });
    }
    return true;
  });
}

/** Whether the ledger has the query at all. */
export async function knowsQuery(pool: pg.Pool, query: QueryRef): Promise<boolean> {
  const { rows } = await pool.query({
    name: 'knows-query',
    text: 'select from queries where started_at = $1 and query_id = $2',
    values: [query.startedAt, query.queryId],
  });
  return rows.length > 0;
}
