import type pg from 'pg';
import type { Budget } from '../../core/budget.ts';
import { displayUsd, parseUsd } from '../../core/money.ts';
import type { Policy } from '../../core/policy.ts';
import { listBudgets } from '../../ledger/budget-limits.ts';
import { keepPriceBook } from '../../ledger/price-books.ts';
import { applyPolicies, type AppliedPolicy } from '../../ledger/policies.ts';
import type { Settings } from '../../settings/load.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';

export async function applyCommand(context: Context, options: SettingsOptions): Promise<void> {
  const { settings } = await readSettings(options);
  await withDatabase(context, async (pool) => {
    const applied = await applyAndSay(context, pool, settings);
    if (context.json) context.out(JSON.stringify({ applied }));
  });
}

/**
 * Stores policies, budgets and what is known of every model's price; says what changed, with the price order that was
 * checked.
 */
export async function applyAndSay(
  context: Context,
  pool: pg.Pool,
  { policies, budgets, models }: Pick<Settings, 'policies' | 'budgets' | 'models'>,
): Promise<AppliedPolicy[]> {
  for (const { raw, modelId, book } of models.values()) {
    await keepPriceBook(pool, { provider: raw.provider, modelId }, book);
  }
  const before = await listBudgets(pool);
  const applied = await applyPolicies(pool, policies, budgets);
  for (const { task, version, changed } of applied) {
    const policy = policies.find((candidate) => candidate.task === task);
    const state = changed ? 'is new, and current for new queries' : 'is unchanged';
    context.say(`Task ${task}: version ${version} ${state}. ${policy ? describeChain(policy) : ''}`);
  }
  sayBudgets(context, before, await listBudgets(pool));
  return applied;
}

/** A limit that is gone is told as loudly as a new one. */
function sayBudgets(context: Context, before: readonly Budget[], after: readonly Budget[]): void {
  const keyOf = ({ scopeKind, scope, period }: Budget) => `Budget per ${period} of ${scopeKind} ${scope}`;
  const were = new Map(before.map((budget) => [keyOf(budget), budget.limitUsd]));
  for (const budget of after) {
    const key = keyOf(budget);
    const was = were.get(key);
    were.delete(key);
    const state =
      was === budget.limitUsd
        ? 'unchanged'
        : `from now on (was ${was === undefined ? 'not limited' : `$${was}`})`;
    context.say(`${key}: $${budget.limitUsd}, ${state}.`);
  }
  for (const [key, was] of were) context.say(`${key}: not limited from now on (was $${was}).`);
}

/** `small ($0.70) → large ($17.50)`, in dollars per million tokens at the task's token profile. */
export function describeChain(policy: Policy): string {
  return policy.chain
    .map(
      ({ model, expectedUsdPerMtok: price }) =>
        `${model} (${price === null ? 'price unknown' : displayUsd(parseUsd(price))})`,
    )
    .join(' → ');
}
