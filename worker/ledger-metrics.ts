import type pg from 'pg';
import { Gauge, Registry } from 'prom-client';
import { parseUsd, type DecimalUsd } from '../core/money.ts';
import { budgetsNow } from '../ledger/budget-limits.ts';
import { ledgerGauges } from '../ledger/gauges.ts';

/** Each worker tells the same, so a scrape more often than this (ms) would read the day's rows for nothing. */
const FRESH_FOR_MS = 60_000;

/**
 * What the ledger is in: the same from every worker, so dashboards take the maximum over workers. Tenants are told of
 * together: their names are not ours to publish, and there may be any number of them. Budgets of audits have no series.
 */
export function createLedgerMetrics(pool: pg.Pool): { metrics(): Promise<string> } {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge<Label>({ name: `escalier_${name}`, help, labelNames, registers });

  const up = gauge('ledger_up', 'Whether the ledger answered when it was last asked.');
  const open = gauge('ledger_open_attempts', 'Requests under way, by their rows.');
  const overdue = gauge('ledger_overdue_attempts', 'Open attempts whose process was lost, before a sweep.');
  const running = gauge('ledger_running_queries', 'Queries that have not ended.');
  const spend = gauge('ledger_spend_today_usd', 'Spend of queries that started this UTC day, by class.', [
    'task',
    'class',
    'bound',
  ]);
  const attempts = gauge(
    'ledger_attempts_today',
    'Attempts of queries that started this UTC day, by class.',
    ['task', 'class'],
  );
  const left = gauge('budget_left_usd', 'What is left of a task’s budget; below zero after a limit fell.', [
    'task',
    'period',
  ]);
  const limit = gauge('budget_limit_usd', 'The limit of a task’s budget.', ['task', 'period']);
  const tenants = gauge('tenant_budgets', 'Tenants with a budget in this period, by how much is committed.', [
    'period',
    'used',
  ]);

  const read = async (): Promise<void> => {
    const [state, budgets] = await Promise.all([ledgerGauges(pool), budgetsNow(pool)]);
    registry.resetMetrics();
    up.set(1);
    open.set(state.openAttempts);
    overdue.set(state.overdueAttempts);
    running.set(state.runningQueries);
    for (const { task, spendClass, attempts: count, lowUsd, highUsd } of state.spendToday) {
      attempts.set({ task, class: spendClass }, count);
      spend.set({ task, class: spendClass, bound: 'low' }, lowUsd);
      spend.set({ task, class: spendClass, bound: 'high' }, highUsd);
    }
    for (const { scopeKind, scope, period, limitUsd, committedUsd } of budgets) {
      if (scopeKind === 'task') {
        left.set({ task: scope, period }, Number(limitUsd) - Number(committedUsd));
        limit.set({ task: scope, period }, Number(limitUsd));
      } else if (scopeKind === 'tenant') {
        tenants.inc({ period, used: shareUsed(committedUsd, limitUsd) });
      }
    }
  };

  let fresh: { readonly until: number; readonly text: Promise<string> } | null = null;
  // A ledger that is away is told of, and does not keep the rest from being scraped.
  const away = (): Promise<string> => {
    up.set(0);
    return registry.getSingleMetricAsString('escalier_ledger_up');
  };
  return {
    metrics() {
      if (fresh === null || fresh.until < Date.now()) {
        const text = read().then(() => registry.metrics(), away);
        fresh = { until: Date.now() + FRESH_FOR_MS, text };
      }
      return fresh.text;
    },
  };
}

/** In four steps, so that there are as many series however many tenants there are. */
function shareUsed(committed: DecimalUsd, limit: DecimalUsd): string {
  const [used, whole] = [parseUsd(committed), parseUsd(limit)];
  if (used >= whole) return 'all';
  if (used * 10n >= whole * 9n) return '90%';
  return used * 2n >= whole ? '50%' : 'less';
}
