import type pg from 'pg';
import type { Proposal } from '../../core/proposal.ts';
import { BY_HAND, type Relearned, type Relearner } from '../../core/relearning.ts';
import { onlyRow } from '../../ledger/database.ts';
import { PolicyProblem } from '../../ledger/policy-changes.ts';
import { markPromoted, proposalById } from '../../ledger/proposals.ts';
import type { Sealer } from '../../ledger/texts.ts';
import { messageOf } from '../context.ts';
import { completed, promoteCompleted, type SettingsOfWorker } from '../serving/promote-learned.ts';
import { learnApart, type LearnApart } from './learn-apart.ts';
import { makeProposal } from './make-proposal.ts';
import { proposalBundle } from './proposal-bundle.ts';

export interface RelearnerOptions extends SettingsOfWorker {
  readonly pool: pg.Pool;
  readonly sealer: Sealer | null;
  /** Default: in a thread. */
  readonly learn?: LearnApart;
}

/** What a process with settings and learning does for the workflow `relearn`. */
export function createRelearner(options: RelearnerOptions): Relearner {
  const { pool, settings, learn = learnApart } = options;
  const relearningOf = (task: string) => settings.relearning.get(task) ?? BY_HAND;
  const told = (proposal: Proposal): Relearned => ({
    ...{ proposalId: proposal.proposalId, decision: proposal.decision, reason: proposal.reason },
    promotedVersion: proposal.promotedVersion,
    canaryShare: proposal.decision === 'proposed' ? relearningOf(proposal.task).canaryShare : null,
  });
  const toldOf = async (proposalId: string): Promise<Relearned> => {
    const proposal = await proposalById(pool, proposalId);
    return told(onlyRow(proposal === null ? [] : [proposal], `proposal ${proposalId}`));
  };
  return {
    async relearn(task, signal) {
      return told(await makeProposal({ ...options, learn }, task, relearningOf(task), signal));
    },
    async startCanary(proposalId) {
      const bundle = await proposalBundle(pool, proposalId);
      const canaryShare = relearningOf(bundle.learned.task).canaryShare;
      try {
        const { policy, written } = await completed(options, bundle);
        const { canary, version } = await promoteCompleted(
          pool,
          settings,
          { policy, written },
          { artifact: bundle.artifact, canaryShare },
          { by: 'relearn', reason: `proposal ${proposalId}` },
        );
        await markPromoted(pool, proposalId, canary?.version ?? version);
      } catch (error) {
        if (!(error instanceof PolicyProblem)) throw error;
        const kept = await toldOf(proposalId);
        return { ...kept, canaryShare: null, reason: `${kept.reason}. Not promoted: ${messageOf(error)}` };
      }
      return toldOf(proposalId);
    },
  };
}
