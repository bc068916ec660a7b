import type pg from 'pg';
import { readScorer } from '../../ledger/scorers.ts';
import { proposalById } from '../../ledger/proposals.ts';
import { CliError, EXIT } from '../exit.ts';
import type { LearnedBundle } from '../serving/promote-learned.ts';

/**
 * The policy of a proposal with its scorer, to be put into service.
 * @throws {CliError} where there is no such proposal, or it was refused.
 */
export async function proposalBundle(pool: pg.Pool, id: string): Promise<LearnedBundle> {
  // Longer numbers are none that Postgres has given.
  const proposal = /^\d{1,18}$/.test(id) ? await proposalById(pool, id) : null;
  if (proposal === null) {
    throw new CliError(
      `--proposal ${id}: there is none: "escalier proposals" lists those that there are`,
      EXIT.usage,
    );
  }
  const { policy, decision, reason, task } = proposal;
  if (policy === null || decision === 'refused') {
    throw new CliError(`proposal ${id} of task ${task} was refused: ${reason}`, EXIT.usage);
  }
  return {
    name: `proposal ${id}`,
    learned: policy,
    artifact: await readScorer(pool, policy.scorerSha256),
  };
}
