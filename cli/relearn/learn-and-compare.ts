import type pg from 'pg';
import { countsOf } from '../../core/counts.ts';
import type { Policy } from '../../core/policy.ts';
import type { ProposalContent } from '../../core/proposal.ts';
import type { Relearning } from '../../core/relearning.ts';
import { sha256 } from '../../core/request-hash.ts';
import { compareHeldOut, decide, type PairedOutcomes } from '../../learning/relearn/decide.ts';
import type { Sealer } from '../../ledger/texts.ts';
import type { RecordedQuery } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { SettingsError } from '../../settings/problems.ts';
import { withLearnedScorers } from '../../worker/learned-scorers.ts';
import { messageOf } from '../context.ts';
import { completed, type Completed, type SettingsOfWorker } from '../serving/promote-learned.ts';
import type { AuditedSet } from './audited-set.ts';
import type { LearnApart } from './learn-apart.ts';
import { outcomesOf } from './outcomes.ts';

export interface ProposalOptions extends SettingsOfWorker {
  readonly pool: pg.Pool;
  readonly sealer: Sealer | null;
  readonly learn: LearnApart;
}

/** What a run came to. */
type Outcome = Pick<ProposalContent, 'decision' | 'reason' | 'policy'> & {
  readonly heldOut: ProposalContent['evidence']['heldOut'];
  readonly artifact: unknown;
};

/** Nothing was learned, and why. */
export function refused(reason: string): Outcome {
  return { decision: 'refused', reason, policy: null, heldOut: null, artifact: null };
}

/** Of the fit: the same audits give the same policy. */
const SEED = 1;

/** Learns on one half of the audits and decides by the other. Both policies are simulated as they would serve, with the settings' limits. */
export async function learnAndCompare(
  options: ProposalOptions,
  current: Policy,
  { set, judgedBy }: AuditedSet,
  { goal, maxLoss }: Relearning,
  signal: AbortSignal,
): Promise<Outcome> {
  const { answer } = current;
  const learned = await options
    .learn({ set, answer, goal, seed: SEED }, signal)
    .catch((error: unknown) => whyNot(error, signal));
  if (typeof learned === 'string') return refused(`nothing could be learned: ${learned}`);
  const { policy, artifact } = learned;
  let complete: Completed;
  try {
    complete = await completed(options, { name: 'the learned policy', learned: policy, artifact });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return refused(`the settings do not take what was learned: ${error.message}`);
  }
  const own = withLearnedScorers(options.scorers, options.pool);
  const pairOf = async (queries: readonly RecordedQuery[]): Promise<PairedOutcomes> => ({
    current: await outcomesOf(set, current, own, queries, signal),
    learned: await outcomesOf(set, complete.policy, complete.scorers, queries, signal),
  });
  const heldOut = inAnyOrder(set, learned.heldOut);
  const comparison = compareHeldOut(
    await pairOf(inAnyOrder(set, learned.train)),
    await pairOf(heldOut),
    maxLoss,
    {
      current: current.chain.map(({ model }) => model),
      learned: policy.chain,
    },
  );
  const judges = countsOf(heldOut.map(({ id }) => judgedBy.get(id) ?? 'last-stage'));
  return { ...decide(comparison), policy, artifact, heldOut: { ...comparison, judges } };
}

/** What learning says of data that it can make nothing of; anything else is a defect, or another try. */
function whyNot(error: unknown, signal: AbortSignal): string {
  if (signal.aborted || !(error instanceof Error) || error.name !== 'Error') throw error;
  return messageOf(error);
}

/** Those of the set with these ids, by a hash: the order of their starts could go with the outcomes, where traffic changes. */
function inAnyOrder(set: RecordedSet, ids: readonly string[]): RecordedQuery[] {
  const wanted = new Set(ids);
  return set.queries
    .filter(({ id }) => wanted.has(id))
    .map((query) => [sha256(`order ${query.id}`), query] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, query]) => query);
}
