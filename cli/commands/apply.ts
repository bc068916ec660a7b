import type pg from 'pg';
import type { Budget } from '../../core/budget.ts';
import { displayUsd, parseUsd } from '../../core/money.ts';
import type { Policy } from '../../core/policy.ts';
import { listBudgets } from '../../ledger/budget-limits.ts';
import { keepPriceBook } from '../../ledger/price-books.ts';
import { applyPolicies, type AppliedPolicy, type ApplyOptions } from '../../ledger/policies.ts';
import type { Settings } from '../../settings/load.ts';
import { authorOf } from '../author.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { refusedChange } from '../policy-problem.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';

export interface ApplyCommandOptions extends SettingsOptions {
  /** Whether the settings' own policies take the place of promoted ones. */
  readonly force: boolean;
}

export async function applyCommand(context: Context, options: ApplyCommandOptions): Promise<void> {
  const { settings } = await readSettings(options);
  await withDatabase(context, async (pool) => {
    const applied = await applyAndSay(context, pool, settings, options.force ? 'replace' : 'refuse').catch(
      refusedChange,
    );
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
  settings: Pick<Settings, 'policies' | 'budgets' | 'models'>,
  promoted: NonNullable<ApplyOptions['promoted']>,
): Promise<AppliedPolicy[]> {
  const { policies, budgets } = settings;
  await keepPriceBooks(pool, settings);
  const before = await listBudgets(pool);
  const applied = await applyPolicies(pool, policies, budgets, { promoted, author: authorOf(context) });
  for (const one of applied) sayApplied(context, one, policies);
  sayBudgets(context, before, await listBudgets(pool));
  return applied;
}

/** Keeps what is known of every model's price. */
export async function keepPriceBooks(pool: pg.Pool, { models }: Pick<Settings, 'models'>): Promise<void> {
  for (const { raw, modelId, book } of models.values()) {
    await keepPriceBook(pool, { provider: raw.provider, modelId }, book);
  }
}

function sayApplied(
  context: Context,
  { task, version, changed, promoted, leftOut }: AppliedPolicy,
  policies: readonly Policy[],
): void {
  if (leftOut !== undefined) context.say(`Task ${task}: version ${version} stays. Left out: ${leftOut}`);
  else if (promoted) context.say(`Task ${task}: version ${version}, which was promoted, stays current.`);
  else {
    const policy = policies.find((candidate) => candidate.task === task);
    const state = changed ? 'is new, and current for new queries' : 'is unchanged';
    context.say(`Task ${task}: version ${version} ${state}. ${policy ? describeChain(policy) : ''}`);
  }
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
