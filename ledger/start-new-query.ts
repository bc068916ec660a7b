import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { auditDraw } from '../core/audit.ts';
import { canaryDraw } from '../core/canary.ts';
import type { Policy } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import { requestHash } from '../core/request-hash.ts';
import { promptOf, type QueryRun } from './queries.ts';
import { sealedText, type QueryRef, type Sealer } from './texts.ts';

export interface NewQueryStarted {
  readonly query: QueryRef;
  readonly version: number;
  readonly policy: Policy;
}

/**
 * Starts a query whose key is new, with one statement: key, query, prompt and planned audit, or nothing.
 * It takes its policy, and is chosen for an audit, as `takesCanary`, `isAudited` and `auditShareOf` say. Its commit does not wait for the
 * disk (see `Commit`): that of the query's first intent carries it there.
 * @returns null where the key is known, or the task is not, or an alarm has stopped it: nothing was changed.
 */
export async function startNewQuery(
  pool: pg.Pool,
  sealer: Sealer | null,
  run: QueryRun,
  request: CascadeRequest,
): Promise<NewQueryStarted | null> {
  const queryId = uuidv7();
  const prompt = sealedText(sealer, { queryId }, 'request', promptOf(request));
  const { rows } = await pool.query<{ startedAt: string; version: number; policy: Policy }>({
    name: 'start-new-query',
    text: `with commit as materialized (select set_config('synchronous_commit', 'off', true)),
             current as materialized (
               select p.version, p.policy, p.policy->>'retention' as retention,
                 greatest((p.policy->'audit'->>'share')::float8, (
                   select max(s.value::float8) from jsonb_each_text(p.policy#>'{audit,slices}') s
                   join jsonb_each_text($7::jsonb) t on s.key = t.key || '=' || t.value
                 )) as audit_share
               from commit, tasks t join policies p on p.task = t.name
                 and p.version = case when $11::float8 < t.canary_share then t.canary_version else t.current_version end
               where t.name = $1 and t.stopped_reason is null
             ),
             key as (
               insert into query_keys (namespace, workflow_id, query_id, started_at, request_sha256)
               select $2, $3, $4, now(), $5 from current
               on conflict do nothing returning started_at
             ),
             query as (
               insert into queries (query_id, started_at, task, policy_version, tenant, tags, retention, request_sha256,
                 namespace, workflow_id, run_id, audit_probability)
               select $4, key.started_at, $1, version, $6, $7, retention, case when retention <> 'none' then $5 end,
                 $2, $3, $8, audit_share
               from key, current returning query_id
             ),
             prompt as (
               insert into open_texts (query_id, item, content, sealed) select query_id, 'request', $9, $10 from query
             ),
             audit as (
               insert into audits (query_started_at, query_id, task, policy_version, inclusion_probability, baseline_model,
                 baseline_stage)
               select key.started_at, $4, $1, version, audit_share, policy->'chain'->-1->>'model',
                 jsonb_array_length(policy->'chain') - 1
               from key, current where $12::float8 < audit_share
             )
           select to_json(key.started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt", version, policy from key, current`,
    values: [
      request.task,
      run.namespace,
      run.workflowId,
      queryId,
      requestHash(request),
      request.tenant ?? null,
      JSON.stringify(request.tags ?? {}),
      run.runId,
      prompt.content,
      prompt.sealed,
      canaryDraw(queryId),
      auditDraw(queryId),
    ],
  });
  const started = rows[0];
  if (started === undefined) return null;
  const { startedAt, version, policy } = started;
  return { query: { queryId, startedAt }, version, policy };
}
