import type pg from 'pg';
import type { QueryRun } from './queries.ts';

/**
 * `requested`: the run's open request is aborted, and it makes no other. `over`: the run has ended its query. `unknown`: no
 * query is the run's, since it has not planned one yet, or since another run has taken it.
 */
export type CancelRequested = 'requested' | 'over' | 'unknown';

/** Asks a run to stop, in the ledger. Asking again changes nothing. */
export async function requestCancel(pool: pg.Pool, run: QueryRun): Promise<CancelRequested> {
  const { rows } = await pool.query<{ status: 'running' | 'ended' }>({
    name: 'request-cancel',
    text: `update queries q set cancel_requested_run_id = $3
           from query_keys k
           where k.namespace = $1 and k.workflow_id = $2 and q.started_at = k.started_at and q.query_id = k.query_id
             and q.run_id = $3
           returning q.status`,
    values: [run.namespace, run.workflowId, run.runId],
  });
  const query = rows[0];
  if (query === undefined) return 'unknown';
  return query.status === 'running' ? 'requested' : 'over';
}

/** Runs of running queries that were asked to stop: few, and each only until its query has ended. */
export async function cancelledRuns(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ runId: string }>({
    name: 'cancelled-runs',
    text: `select cancel_requested_run_id as "runId" from queries
           where status = 'running' and cancel_requested_run_id is not null`,
  });
  return rows.map(({ runId }) => runId);
}
