import type { Budget } from '../core/budget.ts';
import { amountOf } from './amount.ts';
import type { RawSettings } from './schema.ts';

type RawLimits = NonNullable<RawSettings['tenants']>[string];

/** Every budget of the settings. They are limits on what goes on, not part of a policy: no query is pinned to them. */
export function budgetsOf(settings: RawSettings): Budget[] {
  return [
    ...Object.entries(settings.tasks).flatMap(([task, { budget, audit_budget: auditBudget }]) => [
      ...limitsOf('task', task, budget ?? {}),
      ...limitsOf('audit', task, auditBudget ?? {}),
    ]),
    ...Object.entries(settings.tenants ?? {}).flatMap(([tenant, limits]) =>
      limitsOf('tenant', tenant, limits),
    ),
  ];
}

function limitsOf(scopeKind: Budget['scopeKind'], scope: string, limits: RawLimits): Budget[] {
  const { per_day_usd: day, per_month_usd: month } = limits;
  return [
    ...(day === undefined ? [] : [{ scopeKind, scope, period: 'day' as const, limitUsd: amountOf(day) }]),
    ...(month === undefined
      ? []
      : [{ scopeKind, scope, period: 'month' as const, limitUsd: amountOf(month) }]),
  ];
}
