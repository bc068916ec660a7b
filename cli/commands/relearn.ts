import { proposalById } from '../../ledger/proposals.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { showProposal } from '../relearn/proposal-text.ts';
import { createRelearner } from '../relearn/relearner.ts';
import { sealerOf } from '../sealer.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';

export interface RelearnOptions extends SettingsOptions {
  readonly task: string;
}

/** Does here and now what the task's schedule does, canary and all, and says what it came to. */
export async function relearnCommand(context: Context, options: RelearnOptions): Promise<void> {
  const { task, settings: file } = options;
  const { settings, scorers } = await readSettings(options, 'serve');
  const sealer = sealerOf(context);
  await withDatabase(context, async (pool) => {
    const relearner = createRelearner({ settings, scorers, file, pool, sealer });
    context.say(`Learning task ${task} anew from its audits.`);
    const learned = await relearner.relearn(task, context.signal);
    const done = learned.canaryShare === null ? learned : await relearner.startCanary(learned.proposalId);
    const proposal = await proposalById(pool, done.proposalId);
    // What kept a canary from being started is no part of the proposal.
    const told = proposal === null ? null : { ...proposal, reason: done.reason };
    if (context.json) context.out(JSON.stringify(told));
    else if (told !== null) context.out(showProposal(told));
  });
}
