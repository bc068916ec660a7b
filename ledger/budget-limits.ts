import { EVERY_TENANT, type Budget, type BudgetState } from '../core/budget.ts';
import { formatUsd, parseUsd, type DecimalUsd } from '../core/money.ts';
import type { Queryable } from './database.ts';

/**
 * Stores limits, in the caller's transaction: they hold for the next request, of running queries also. What is committed
 * stays. The limits take the place of those of these tasks and of all tenants; a task that is not named keeps its own, as
 * it keeps its policy.
 */
export async function applyBudgets(
  db: Queryable,
  tasks: readonly string[],
  budgets: readonly Budget[],
): Promise<void> {
  // Against another applier; requests go on reading.
  await db.query({ name: 'lock-budgets', text: 'lock table budgets in share row exclusive mode' });
  const columns = [
    budgets.map(({ scopeKind }) => scopeKind),
    budgets.map(({ scope }) => scope),
    budgets.map(({ period }) => period),
  ];
  await db.query({
    name: 'remove-budgets',
    text: `delete from budgets b where (scope_kind = 'tenant' or scope = any($1::text[])) and not exists (
             select from unnest($2::text[], $3::text[], $4::text[]) as n (scope_kind, scope, period)
             where (n.scope_kind, n.scope, n.period) = (b.scope_kind, b.scope, b.period))`,
    values: [tasks, ...columns],
  });
  await db.query({
    name: 'set-budgets',
    text: `insert into budgets as b (scope_kind, scope, period, limit_usd)
           select * from unnest($1::text[], $2::text[], $3::text[], $4::numeric[])
           on conflict (scope_kind, scope, period) do update set limit_usd = excluded.limit_usd, updated_at = now()
           where b.limit_usd <> excluded.limit_usd`,
    values: [...columns, budgets.map(({ limitUsd }) => limitUsd)],
  });
}

/** Every limit, as it was last applied. */
export async function listBudgets(db: Queryable): Promise<Budget[]> {
  const { rows } = await db.query<Budget>({
    name: 'list-budgets',
    text: `select scope_kind as "scopeKind", scope, period, limit_usd::text as "limitUsd" from budgets
           order by scope_kind, scope, period`,
  });
  return rows.map((row) => ({ ...row, limitUsd: plain(row.limitUsd) }));
}

/** A budget in the period that runs now. */
export interface BudgetNow extends BudgetState {
  /** The part of what is committed that is held by open or orphaned attempts, at the most that they can cost. */
  readonly openUsd: DecimalUsd;
  readonly reservations: number;
  readonly denials: number;
}

/**
 * Every budget in its period of now, also where nothing was asked in it yet. The limit of `*` is listed for itself, with
 * nothing committed, and for each tenant that it was held against in this period.
 */
export async function budgetsNow(db: Queryable): Promise<BudgetNow[]> {
  const { rows } = await db.query<
    Omit<BudgetNow, 'reservations' | 'denials'> & Record<'reservations' | 'denials', string>
  >({
    name: 'budgets-now',
    text: `with started as (
             select b.*, date_trunc(b.period, now() at time zone 'UTC')::date as period_start from budgets b
           ), named as (
             select scope_kind, scope, period, period_start, limit_usd from started
             union all
             select p.scope_kind, p.scope, p.period, p.period_start, s.limit_usd
             from budget_periods p
             join started s on s.scope_kind = 'tenant' and s.scope = $1 and (s.period, s.period_start) = (p.period, p.period_start)
             where p.scope_kind = 'tenant' and not exists (
               select from budgets own where own.scope_kind = 'tenant' and own.scope = p.scope)
           )
           select n.scope_kind as "scopeKind", n.scope, n.period, to_char(n.period_start, 'YYYY-MM-DD') as "periodStart",
             n.limit_usd::text as "limitUsd", coalesce(p.committed_usd, 0)::text as "committedUsd",
             coalesce(p.open_usd, 0)::text as "openUsd", coalesce(p.reservations, 0) as reservations,
             coalesce(p.denials, 0) as denials
           from named n left join budget_periods p
             on (p.scope_kind, p.scope, p.period, p.period_start) = (n.scope_kind, n.scope, n.period, n.period_start)
           order by n.scope_kind, n.scope, n.period`,
    values: [EVERY_TENANT],
  });
  return rows.map((row) => ({
    ...row,
    limitUsd: plain(row.limitUsd),
    committedUsd: plain(row.committedUsd),
    openUsd: plain(row.openUsd),
    reservations: Number(row.reservations),
    denials: Number(row.denials),
  }));
}

function plain(amount: DecimalUsd): DecimalUsd {
  return formatUsd(parseUsd(amount));
}
