import { periodEnd } from '../../core/budget.ts';
import { displayUsd, formatUsd, parseUsd } from '../../core/money.ts';
import { budgetsNow, type BudgetNow } from '../../ledger/budget-limits.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { table } from '../output.ts';

export async function budgetsCommand(context: Context): Promise<void> {
  await withDatabase(context, async (pool) => {
    const budgets = await budgetsNow(pool);
    if (context.json) context.out(JSON.stringify({ budgets: budgets.map(withAmounts) }));
    else if (budgets.length === 0)
      context.out(
        'No budget has been applied: set budget on a task, or tenants, in escalier.yaml and run "escalier apply".',
      );
    else context.out(show(budgets));
  });
}

/** Amounts are decimal strings of dollars; what is left is negative where a limit was lowered below what is committed. */
function withAmounts(budget: BudgetNow): object {
  const committed = parseUsd(budget.committedUsd);
  return {
    ...budget,
    periodEnd: periodEnd(budget).toISOString(),
    knownUsd: formatUsd(committed - parseUsd(budget.openUsd)),
    leftUsd: formatUsd(parseUsd(budget.limitUsd) - committed),
  };
}

function show(budgets: readonly BudgetNow[]): string {
  return table(
    [
      'budget',
      'period (UTC)',
      'limit',
      'committed',
      'known',
      'open or orphaned',
      'left',
      'requests',
      'denied',
    ],
    budgets.map((budget) => {
      const [limit, committed, open] = [budget.limitUsd, budget.committedUsd, budget.openUsd].map(
        parseUsd,
      ) as [bigint, bigint, bigint];
      return [
        `${budget.scopeKind} ${budget.scope}`,
        `${budget.period} ${budget.period === 'day' ? budget.periodStart : budget.periodStart.slice(0, 7)}`,
        displayUsd(limit),
        displayUsd(committed),
        displayUsd(committed - open),
        displayUsd(open),
        committed > limit ? `over by ${displayUsd(committed - limit)}` : displayUsd(limit - committed),
        String(budget.reservations),
        String(budget.denials),
      ];
    }),
  );
}
