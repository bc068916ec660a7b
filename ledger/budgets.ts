/**
 * What an attempt can cost at most is reserved in every budget that applies to it when its row is inserted, and settled
 * when the row is closed. So no interleaving of queries can commit more than a limit, and a lost process keeps its money
 * reserved until somebody knows better.
 *
 * Locks are taken in one order everywhere: the query's row, its attempts, then budget rows by the bytes of their keys.
 */
import type { BudgetState } from '../core/budget.ts';
import { formatUsd, parseUsd, type DecimalUsd, type Picodollars } from '../core/money.ts';
import type { Queryable } from './database.ts';

/**
 * The part of a budget that a task with `at_limit: cheapest` keeps for first stages. With a tenth the cheapest model goes
 * on for a while after the dearer ones have stopped, long enough for a person to notice. More would stop the dearer ones
 * early on an ordinary day; less would leave the cheapest model a few calls.
 */
export const FIRST_STAGE_SHARE = '0.1';

/**
 * The statements that stand before the insert of an intent, in one statement with it, so that a ledger without budgets
 * makes no further round trip and one with budgets holds their rows for this statement and the commit alone.
 *
 * `clock` is the instant that decides on the day and the month. `due` are the budgets that apply, each with the most that
 * may be committed in it; `reserved` those that had room, whose rows now hold the worst case. Of a row that is made here
 * only `due` knows whether the worst case fits: it is made without it where not, to be locked in its turn. An unknown
 * worst case (null) fits nowhere.
 */
export function reserving(parameter: {
  readonly task: string;
  readonly tenant: string;
  readonly worstCaseUsd: string;
  readonly share: string;
  readonly purpose: string;
}): string {
  const { tenant, worstCaseUsd: worst, share } = parameter;
  return `with clock as materialized (select clock_timestamp() as at),
    applied as (
      select b.scope_kind, case b.scope_kind when 'tenant' then ${tenant}::text else b.scope end as scope, b.period,
        b.limit_usd, date_trunc(b.period, clock.at at time zone 'UTC')::date as period_start
      from budgets b, clock
      where ${applies(parameter)}
    ),
    due as (
      select concat_ws(':', scope_kind, period, to_char(period_start, 'YYYY-MM-DD'), scope) collate "C" as budget_key, *,
        coalesce(${worst}::numeric <= limit_usd * ${share}::numeric, false) as fits_alone
      from applied
    ),
    reserved as (
      insert into budget_periods as p (budget_key, scope_kind, scope, period, period_start, limit_usd, committed_usd,
        open_usd, reservations)
      select budget_key, scope_kind, scope, period, period_start, limit_usd, case when fits_alone then ${worst}::numeric else 0 end,
        case when fits_alone then ${worst}::numeric else 0 end, fits_alone::integer
      from due order by budget_key
      on conflict (budget_key) do update set limit_usd = excluded.limit_usd,
        committed_usd = p.committed_usd + ${worst}::numeric, open_usd = p.open_usd + ${worst}::numeric,
        reservations = p.reservations + 1
      where p.committed_usd + ${worst}::numeric <= excluded.limit_usd * ${share}::numeric
      returning p.budget_key
    ),
    held as (
      select due.*, fits_alone and reserved.budget_key is not null as fits from due left join reserved using (budget_key)
    )`;
}

/** Whether a budget `b` applies to an attempt: a condition in SQL. */
export function applies(of: {
  readonly task: string;
  readonly tenant: string;
  readonly purpose: string;
}): string {
  const { task, tenant, purpose } = of;
  return `case when ${purpose}::text = 'audit' then b.scope_kind = 'audit' and b.scope = ${task} else
    (b.scope_kind = 'task' and b.scope = ${task}) or (b.scope_kind = 'tenant' and ${tenant}::text is not null
    and b.scope = case when exists (select from budgets where scope_kind = 'tenant' and scope = ${tenant})
      then ${tenant} else '*' end) end`;
}

/** The result of a statement that reserves: a row for each budget that applies, none without budgets. */
export const RESERVED = `select budget_key as "budgetKey", scope_kind as "scopeKind", scope, period,
  to_char(period_start, 'YYYY-MM-DD') as "periodStart", limit_usd::text as "limitUsd", fits from held order by budget_key`;

export interface Reservation extends Omit<BudgetState, 'committedUsd'> {
  readonly budgetKey: string;
  /** Whether the worst case had room in it, and so was reserved. */
  readonly fits: boolean;
}

/**
 * Takes the reservations of a denied intent back, and counts the denial where there was no room. The rows are locked by
 * this transaction already.
 * @returns the budgets without room, and what is committed in them.
 */
export async function denyReservation(
  db: Queryable,
  reservations: readonly Reservation[],
  worstCaseUsd: DecimalUsd | null,
): Promise<BudgetState[]> {
  const { rows } = await db.query<{ budgetKey: string; committedUsd: DecimalUsd }>({
    name: 'deny-reservation',
    text: `update budget_periods p set limit_usd = d.limit_usd,
             committed_usd = p.committed_usd - case when d.fits then $4::numeric else 0 end,
             open_usd = p.open_usd - case when d.fits then $4::numeric else 0 end,
             reservations = p.reservations - d.fits::integer, denials = p.denials + (not d.fits)::integer
           from unnest($1::text[], $2::boolean[], $3::numeric[]) as d (budget_key, fits, limit_usd)
           where p.budget_key = d.budget_key
           returning p.budget_key as "budgetKey", p.committed_usd::text as "committedUsd"`,
    values: [
      reservations.map(({ budgetKey }) => budgetKey),
      reservations.map(({ fits }) => fits),
      reservations.map(({ limitUsd }) => limitUsd),
      worstCaseUsd,
    ],
  });
  const committed = new Map(rows.map((row) => [row.budgetKey, row.committedUsd]));
  return reservations
    .filter(({ fits }) => !fits)
    .map(({ budgetKey, scopeKind, scope, period, periodStart, limitUsd }) => ({
      scopeKind,
      scope,
      period,
      periodStart,
      limitUsd: formatUsd(parseUsd(limitUsd)),
      committedUsd: formatUsd(parseUsd(committed.get(budgetKey) ?? '0')),
    }));
}

/** What a closed attempt cost has become known later: the difference goes to the budgets in which it is committed. */
export async function correctSettlement(
  db: Queryable,
  budgetKeys: readonly string[],
  committedUsd: DecimalUsd,
  cost: Picodollars,
): Promise<void> {
  await moveCommitted(db, budgetKeys, { from: committedUsd, to: formatUsd(cost), released: '0' });
}

/**
 * Settles an attempt that was closed: its new high bound takes the place of what it had reserved, in exactly the budgets
 * in which it was. An unknown cost (null) keeps what was reserved.
 */
export async function settleReservation(
  db: Queryable,
  budgetKeys: readonly string[],
  reservedUsd: DecimalUsd,
  high: Picodollars | null,
): Promise<void> {
  const to = high === null ? reservedUsd : formatUsd(high);
  await moveCommitted(db, budgetKeys, { from: reservedUsd, to, released: reservedUsd });
}

/** @param released what is no longer held by an open attempt. */
async function moveCommitted(
  db: Queryable,
  budgetKeys: readonly string[],
  { from, to, released }: { from: DecimalUsd; to: DecimalUsd; released: DecimalUsd },
): Promise<void> {
  await db.query({
    name: 'move-committed',
    text: `with locked as (
             select budget_key from budget_periods where budget_key = any($1::text[]) order by budget_key for update
           )
           update budget_periods p set committed_usd = p.committed_usd - $2::numeric + $3::numeric,
             open_usd = p.open_usd - $4::numeric
           from locked where p.budget_key = locked.budget_key`,
    values: [budgetKeys, from, to, released],
  });
}
