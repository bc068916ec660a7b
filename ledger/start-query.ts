import pg from 'pg';
import { takesCanary } from '../core/canary.ts';
import type { Policy } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import { requestHash } from '../core/request-hash.ts';
import { inTransaction } from './database.ts';
import { policyArms, policyVersion, taskNames } from './policies.ts';
import {
  claimKey,
  findQuery,
  insertQuery,
  releaseKey,
  reopenQuery,
  type QueryRow,
  type QueryRun,
} from './queries.ts';
import { startNewQuery } from './start-new-query.ts';
import type { QueryRef, Sealer } from './texts.ts';

export type StartedQuery =
  | { readonly type: 'started'; readonly query: QueryRef; readonly version: number; readonly policy: Policy }
  /** The key has an answer already: it is returned, and nothing is called. */
  | { readonly type: 'finished'; readonly query: QueryRow; readonly policy: Policy }
  /** The key stands for another request. */
  | { readonly type: 'conflict'; readonly query: QueryRef }
  /** An alarm has stopped the task. */
  | { readonly type: 'stopped'; readonly reason: string }
  | { readonly type: 'unknown-task'; readonly tasks: readonly string[] };

/**
 * Starts a query, or finds the one that its workflow id stands for: the same key is the same query in every run, and what
 * it has paid for is kept. A key whose query ended without an answer (a wrong key of a vendor, a cancel) goes on where it
 * stopped. A key whose month has been dropped has outlived the ledger's memory of it: it is a new query.
 */
export async function startQuery(
  pool: pg.Pool,
  sealer: Sealer | null,
  run: QueryRun,
  request: CascadeRequest,
): Promise<StartedQuery> {
  try {
    return await startOrFind(pool, sealer, run, request);
  } catch (error) {
    if (error instanceof TaskStopped) return { type: 'stopped', reason: error.message };
    // Where it is the current month that is missing, no key is released and the second try says so.
    if (!isMonthGone(error)) throw error;
    await releaseKey(pool, run);
    return startOrFind(pool, sealer, run, request);
  }
}

/** Thrown, so that the key of a query that is refused is not kept. */
class TaskStopped extends Error {}

/** No partition takes the row: SQLSTATE 23514 like a broken check, but without the name of one. */
function isMonthGone(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23514' && error.constraint === undefined;
}

async function startOrFind(
  pool: pg.Pool,
  sealer: Sealer | null,
  run: QueryRun,
  request: CascadeRequest,
): Promise<StartedQuery> {
  const started = await startNewQuery(pool, sealer, run, request);
  return started === null ? find(pool, sealer, run, request) : { type: 'started', ...started };
}

async function find(
  pool: pg.Pool,
  sealer: Sealer | null,
  run: QueryRun,
  request: CascadeRequest,
): Promise<StartedQuery> {
  return inTransaction(pool, async (db) => {
    const arms = await policyArms(db, request.task);
    if (arms === null) return { type: 'unknown-task', tasks: await taskNames(db) };
    const key = await claimKey(db, run, request);
    if (key.requestSha256 !== requestHash(request)) return { type: 'conflict', query: key };
    const { queryId, startedAt } = key;
    const query = await findQuery(db, key);
    if (query === null) {
      // The key's own query is gone with its month, or a task that was unknown a moment ago has been applied since.
      const { canary, current, stopped } = arms;
      if (stopped !== null) throw new TaskStopped(stopped);
      const { version, policy } = canary !== null && takesCanary(queryId, canary.share) ? canary : current;
      await insertQuery(db, sealer, { key, run, request, version, policy });
      return { type: 'started', query: { queryId, startedAt }, version, policy };
    }
    const policy = await policyVersion(db, query.task, query.policyVersion);
    if (query.servedAttemptId !== null) return { type: 'finished', query, policy };
    await reopenQuery(db, sealer, { key, run, request });
    return { type: 'started', query: { queryId, startedAt }, version: query.policyVersion, policy };
  });
}
