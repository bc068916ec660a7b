import { listProposals } from '../../ledger/proposals.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { showProposal } from '../relearn/proposal-text.ts';

export interface ProposalsOptions {
  readonly task?: string;
  readonly limit: number;
}

/** Lists what learning anew came to, newest first. */
export async function proposalsCommand(context: Context, { task, limit }: ProposalsOptions): Promise<void> {
  await withDatabase(context, async (pool) => {
    const proposals = await listProposals(pool, task ?? null, limit);
    if (context.json) context.out(JSON.stringify({ proposals }));
    else {
      context.out(
        proposals.map(showProposal).join('\n\n') ||
          'There is none: set "relearn" on a task that is audited, or run "escalier relearn --task T".',
      );
    }
  });
}
