import { displayUsd, parseUsd, type DecimalUsd } from './money.ts';

/**
 * Whose spend a budget limits: all queries of a task, or all queries of a tenant over all tasks, both without their audits;
 * or all audits of a task.
 */
export type BudgetScope = 'task' | 'tenant' | 'audit';

/** In UTC; an attempt counts in the day and the month in which it was opened. */
export type BudgetPeriod = 'day' | 'month';

/** For tenants: each one that has no budget of its own. */
export const EVERY_TENANT = '*';

/** A limit as the settings give it. */
export interface Budget {
  readonly scopeKind: BudgetScope;
  /** The task (also for audits) or the tenant; {@link EVERY_TENANT} for each tenant without a budget of its own. */
  readonly scope: string;
  readonly period: BudgetPeriod;
  readonly limitUsd: DecimalUsd;
}

/** One budget in one period, and what is committed in it: what its attempts have cost or can still cost at most. */
export interface BudgetState extends Budget {
  /** First day of the period (UTC), such as `2026-11-24`. */
  readonly periodStart: string;
  readonly committedUsd: DecimalUsd;
}

/** `the budget of tenant "acme" for the day 2026-11-24 (UTC)` */
export function budgetName({ scopeKind, scope, period, periodStart }: Omit<BudgetState, 'limitUsd'>): string {
  const when = period === 'day' ? periodStart : periodStart.slice(0, 7);
  const whose = scopeKind === 'audit' ? 'audits of task' : scopeKind;
  return `the budget of ${whose} "${scope}" for the ${period} ${when} (UTC)`;
}

/** What is left of a budget, never below zero, for people. */
export function displayLeft(budget: BudgetState): string {
  const left = parseUsd(budget.limitUsd) - parseUsd(budget.committedUsd);
  return `${displayUsd(left < 0n ? 0n : left)} left of ${displayUsd(parseUsd(budget.limitUsd))}`;
}

/** The first instant after a budget's period. */
export function periodEnd({ period, periodStart }: Pick<BudgetState, 'period' | 'periodStart'>): Date {
  const end = new Date(`${periodStart}T00:00:00Z`);
  if (period === 'day') end.setUTCDate(end.getUTCDate() + 1);
  else end.setUTCMonth(end.getUTCMonth() + 1);
  return end;
}
