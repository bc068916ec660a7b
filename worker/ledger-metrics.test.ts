import type pg from 'pg';
import { expect, test } from 'vitest';
import type { BudgetNow } from '../ledger/budget-limits.ts';
import { createLedgerMetrics } from './ledger-metrics.ts';

const budget = (scopeKind: BudgetNow['scopeKind'], scope: string, committedUsd: string): BudgetNow => ({
  ...{ scopeKind, scope, period: 'day', periodStart: '2026-11-24', limitUsd: '10', committedUsd },
  ...{ openUsd: '0', reservations: 1, denials: 0 },
});

/** A ledger in which nothing is but these budgets. */
function poolWith(budgets: readonly BudgetNow[]): pg.Pool {
  const query = ({ name }: { name: string }) =>
    Promise.resolve({ rows: name === 'budgets-now' ? budgets : [] });
  return { query } as unknown as pg.Pool;
}

test('the budgets of tasks have series by task, those of tenants are counted, those of audits are neither', async () => {
  const pool = poolWith([
    budget('audit', 'triage', '10'),
    budget('task', 'triage', '4'),
    budget('tenant', 'acme', '9.5'),
  ]);
  const text = await createLedgerMetrics(pool).metrics();
  const series = text.split('\n').filter((line) => /^escalier_(budget|tenant)/.test(line));
  expect(series.sort()).toEqual([
    'escalier_budget_left_usd{task="triage",period="day"} 6',
    'escalier_budget_limit_usd{task="triage",period="day"} 10',
    'escalier_tenant_budgets{period="day",used="90%"} 1',
  ]);
});
