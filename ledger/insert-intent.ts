import { formatUsd, parseUsd } from '../core/money.ts';
import type { Intent } from './attempts.ts';
import { FIRST_STAGE_SHARE, RESERVED, reserving, type Reservation } from './budgets.ts';
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
  const budgets = reserving({ task: '$4', worstCaseUsd: '$14', tenant: '$21', share: '$22', purpose: '$6' });
  const { rows } = await db.query<Reservation>({
    name: 'insert-intent',
    // The expiry is counted from the end of the wait for budgets, not from the clock that chose their period.
    text: `${budgets}, inserted as (
           insert into attempts (attempt_id, query_started_at, query_id, task, policy_version, purpose, stage, ordinal, try,
             provider, model, model_id, price_id, cost_low_usd, cost_high_usd, cost_source, started_at, expires_at,
             workflow_id, run_id, activity_attempt, worker, budget_keys, service_tier)
           select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14::numeric, $15, clock.at,
             clock_timestamp() + make_interval(secs => $16::double precision / 1000), $17, $18, $19, $20,
             (select array_agg(budget_key order by budget_key) from held), $23
           from clock where not exists (select from held where not fits))
           ${RESERVED}`,
    values: [
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
      intent.expiresInMs,
      intent.workflowId,
      intent.runId,
      intent.activityAttempt,
      intent.worker,
      tenant,
      intent.sparesFirstStages ? formatUsd(parseUsd('1') - parseUsd(FIRST_STAGE_SHARE)) : '1',
      intent.serviceTier,
    ],
  });
  return rows;
}
