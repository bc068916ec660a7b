import type pg from 'pg';
import { formatUsd, parseUsd } from '../core/money.ts';
import type { Intent } from './attempts.ts';
import { applies, FIRST_STAGE_SHARE, RESERVED, reserving, type Reservation } from './budgets.ts';
import type { Queryable } from './database.ts';

/**
 * Inserts the row where every budget that applies has room for its worst case, which is reserved in them; without budgets
 * always.
 * @param number which try of its call it is, from 1.
 * @returns a reservation for each budget that applies. Where one of them does not fit there is no row, and the others must
 *   be taken back (see `denyReservation`).
 */
export async function insertIntent(
  db: Queryable,
  intent: Intent,
  tenant: string | null,
  attemptId: string,
  number: number,
): Promise<Reservation[]> {
  const budgets = reserving({ task: '$4', worstCaseUsd: '$14', tenant: '$22', share: '$23', purpose: '$6' });
  const { rows } = await db.query<Reservation>({
    name: 'insert-intent',
    // The expiry is counted from the end of the wait for budgets, not from the clock that chose their period.
    text: `${budgets}, inserted as (
             insert into attempts (${INTENT_COLUMNS}, started_at, expires_at, budget_keys)
             select ${INTENT_VALUES}, clock.at, ${EXPIRES_AT}, (select array_agg(budget_key order by budget_key) from held)
             from clock where not exists (select from held where not fits))
           ${RESERVED}`,
    values: [
      ...intentValues(intent, attemptId, number),
      tenant,
      intent.sparesFirstStages ? formatUsd(parseUsd('1') - parseUsd(FIRST_STAGE_SHARE)) : '1',
    ],
  });
  return rows;
}

/** Opens the first attempt of a call in the ordinary case: see {@link openingAtOnce}. @returns whether it was opened. */
export async function openAtOnce(db: Queryable, intent: Intent, attemptId: string): Promise<boolean> {
  const opening = openingAtOnce(intent, attemptId);
  return opening !== null && (await db.query(opening)).rowCount === 1;
}

/**
 * The statement that opens the first attempt of a call in the ordinary case: the query runs, and is this run's; nothing of the
 * call has been tried, and neither a budget nor a limit has to be asked. What is not so, or changes while the statement waits
 * for the query's row, leaves no row behind: two executions of a call meet in the unique key of its tries.
 * @returns null where it is known beforehand that the case is another.
 */
export function openingAtOnce(intent: Intent, attemptId: string): pg.QueryConfig | null {
  if (intent.maxCostUsd !== null || intent.purpose === 'audit') return null;
  const budget = applies({ task: '$4', tenant: 'query.tenant', purpose: '$6' });
  return {
    name: 'open-at-once',
    text: `with query as materialized (
             select tenant from queries
             where started_at = $2 and query_id = $3 and run_id = $17 and status = 'running'
               and cancel_requested_run_id is distinct from $17 for update
           )
           insert into attempts (${INTENT_COLUMNS}, started_at, expires_at)
           select ${INTENT_VALUES}, clock_timestamp(), ${EXPIRES_AT} from query
           where not exists (select from budgets b where ${budget})
             and not exists (select from attempts where query_started_at = $2 and query_id = $3 and purpose = $6
               and stage = $7 and ordinal = $8)
           on conflict do nothing`,
    values: intentValues(intent, attemptId, 1),
  };
}

const INTENT_COLUMNS = `attempt_id, query_started_at, query_id, task, policy_version, purpose, stage, ordinal, try, provider,
  model, model_id, price_id, cost_low_usd, cost_high_usd, cost_source, workflow_id, run_id, activity_attempt, worker,
  service_tier`;
const INTENT_VALUES = `$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14::numeric, $15, $16, $17, $18, $19, $20`;
const EXPIRES_AT = `clock_timestamp() + make_interval(secs => $21::double precision / 1000)`;

function intentValues(intent: Intent, attemptId: string, number: number): unknown[] {
  return [
    attemptId,
    intent.startedAt,
    intent.queryId,
    intent.task,
    intent.policyVersion,
    intent.purpose,
    intent.stage,
    intent.ordinal,
    number,
    intent.provider,
    intent.model,
    intent.modelId,
    intent.priceId,
    intent.worstCaseUsd,
    intent.priceId === null ? 'unknown' : 'estimate',
    intent.workflowId,
    intent.runId,
    intent.activityAttempt,
    intent.worker,
    intent.serviceTier,
    intent.expiresInMs,
  ];
}
