import type pg from 'pg';
import { displayUsd, parseUsd } from '../../core/money.ts';
import type { Policy } from '../../core/policy.ts';
import { keepPriceBook } from '../../ledger/price-books.ts';
import { applyPolicies, type AppliedPolicy } from '../../ledger/policies.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import type { Settings } from '../../settings/load.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';

export async function applyCommand(context: Context, options: SettingsOptions): Promise<void> {
  const { settings } = await readSettings(options);
  await withDatabase(context, async (pool) => {
    const applied = await applyAndSay(context, pool, settings);
    if (context.json) context.out(JSON.stringify({ applied }));
  });
}

/** Stores the policies and what is known of every model's price; says what changed with the price order that was checked. */
export async function applyAndSay(
  context: Context,
  pool: pg.Pool,
  { policies, models }: Pick<Settings, 'policies' | 'models'>,
): Promise<AppliedPolicy[]> {
  for (const { raw, modelId, book } of models.values()) {
    await keepPriceBook(pool, { provider: raw.provider, modelId }, book);
  }
  const applied = await applyPolicies(pool, policies);
  for (const { task, version, changed } of applied) {
    const policy = policies.find((candidate) => candidate.task === task);
    const state = changed ? 'is new, and current for new queries' : 'is unchanged';
    context.say(`Task ${task}: version ${version} ${state}. ${policy ? describeChain(policy) : ''}`);
  }
  return applied;
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
