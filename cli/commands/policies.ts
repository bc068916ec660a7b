import { certificateText } from '../../core/certificate.ts';
import { listPolicies, type StoredPolicy } from '../../ledger/policies.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { percent, table } from '../output.ts';
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
        stored.map(({ task, version, current, canaryShare, createdAt, policy }) => [
          task,
          String(version),
          current ? 'current' : canaryShare === null ? '' : `canary, ${percent(canaryShare)}`,
          createdAt.toISOString().slice(0, 16).replace('T', ' '),
          policy.scorer.name,
          [...new Set(policy.thresholds)].join(' '),
          describeChain(policy),
        ]),
      ),
    );
    const certified = stored.flatMap(certificateOf);
    if (certified.length > 0) context.out(['', 'Certificates', ...certified].join('\n'));
  });
}

function certificateOf({ task, version, policy }: StoredPolicy): string[] {
  const certificate = policy.learned?.certificate ?? null;
  return certificate === null ? [] : [`  ${task}, version ${version}: ${certificateText(certificate)}`];
}
