import { parseUsd, type Picodollars } from '../../core/money.ts';
import type { Queryable } from '../database.ts';
import { IN_SCOPE, INVOICE_MODEL, scopeValues, type InvoiceScope } from './cells.ts';

export interface LineMatch {
  /** As the invoice has it: the vendor's request id, the response's id or the attempt's. */
  readonly id: string;
  readonly attemptId: string;
  readonly low: Picodollars;
  /** Null where nothing bounds it. */
  readonly high: Picodollars | null;
}

interface MatchRow {
  readonly id: string;
  readonly attempt_id: string;
  readonly low: string;
  readonly high: string | null;
}

/** The attempts that an invoice's lines name, in one look-up for each kind of id. */
export async function matchLines(
  db: Queryable,
  scope: InvoiceScope,
  ids: readonly string[],
): Promise<LineMatch[]> {
  const { rows } = await db.query<MatchRow>({
    name: 'reconcile-lines',
    text: `with named as (select unnest($4::text[]) as id), scoped as (select a.* from attempts a where ${IN_SCOPE})
           select distinct on (id) id, attempt_id, cost_low_usd::text as low, cost_high_usd::text as high from (
             select n.id, s.* from named n join scoped s on s.request_id = n.id
             union all select n.id, s.* from named n join scoped s on s.response_id = n.id
             union all select n.id, s.* from named n join scoped s on s.attempt_id::text = n.id
           ) matched order by id, attempt_id`,
    values: [scope.since, scope.until, scope.provider, ids],
  });
  return rows.map(({ id, attempt_id, low, high }) => ({
    id,
    attemptId: attempt_id,
    low: parseUsd(low),
    high: high === null ? null : parseUsd(high),
  }));
}

export interface UnbilledAttempt {
  readonly attemptId: string;
  readonly requestId: string | null;
  readonly day: string;
  readonly model: string;
  readonly low: string;
}

/** Attempts that can have cost something and that no line of the invoice names: the first `limit`, dearest first. */
export async function unbilledAttempts(
  db: Queryable,
  scope: InvoiceScope,
  ids: readonly string[],
  limit: number,
): Promise<UnbilledAttempt[]> {
  const { rows } = await db.query<UnbilledAttempt>({
    name: 'reconcile-unbilled',
    text: `select a.attempt_id as "attemptId", a.request_id as "requestId", a.cost_low_usd::text as low,
             to_char(a.started_at at time zone 'UTC', 'YYYY-MM-DD') as day, ${INVOICE_MODEL} as model
           from attempts a left join unnest($5::text[]) r (id) on r.id = a.request_id
             left join unnest($5::text[]) s (id) on s.id = a.response_id
             left join unnest($5::text[]) i (id) on i.id = a.attempt_id::text
           where ${IN_SCOPE} and r.id is null and s.id is null and i.id is null and a.cost_low_usd > 0
           order by a.cost_low_usd desc, a.attempt_id limit $6`,
    values: [...scopeValues(scope), ids, limit],
  });
  return rows;
}
