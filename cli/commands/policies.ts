import { listPolicies } from '../../ledger/policies.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { table } from '../output.ts';
import { describeChain } from './apply.ts';

export async function policiesCommand(context: Context, options: { task?: string }): Promise<void> {
  await withDatabase(context, async (pool) => {
    const stored = await listPolicies(pool, options.task);
    if (context.json) {
      context.out(JSON.stringify(stored));
      return;
    }
    if (stored.length === 0) {
      context.out('No policy has been applied yet: write escalier.yaml and run "escalier apply".');
      return;
    }
    context.out(
      table(
        ['task', 'version', '', 'applied', 'scorer', 'thresholds', 'chain ($ per million tokens)'],
        stored.map(({ task, version, current, createdAt, policy }) => [
          task,
          String(version),
          current ? 'current' : '',
          createdAt.toISOString().slice(0, 16).replace('T', ' '),
          policy.scorer.name,
          [...new Set(policy.thresholds)].join(' '),
          describeChain(policy),
        ]),
      ),
    );
  });
}
