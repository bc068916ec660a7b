import { certificateText } from '../../core/certificate.ts';
import type { LearnedPolicy } from '../../core/learned-policy.ts';
import type { Policy } from '../../core/policy.ts';
import { displayUsd, numberToDecimal, parseUsd } from '../../core/money.ts';
import { markPromoted } from '../../ledger/proposals.ts';
import type { Promoted } from '../../ledger/promotion.ts';
import type { CompileArtifact } from '../../scorers/learned/kind.ts';
import { learnedScore } from '../../scorers/learned/score.ts';
import { ScorerProblem } from '../../scorers/scorer-problem.ts';
import { authorOf } from '../author.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { percent } from '../output.ts';
import { refusedChange } from '../policy-problem.ts';
import { proposalBundle } from '../relearn/proposal-bundle.ts';
import { readLearnedFolder } from '../serving/learned-folder.ts';
import { completed, promoteCompleted, type LearnedBundle } from '../serving/promote-learned.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';
import { describeChain } from './apply.ts';

export interface PromoteOptions extends SettingsOptions {
  /** The id of a proposal, in the place of a folder. */
  readonly proposal?: string;
  /** Share of new queries, between 0 and 1. */
  readonly canary?: number;
  readonly reason?: string;
}

/**
 * Puts what `escalier learn` wrote, or `escalier relearn` proposed, into service, for all new queries of its task or for a share
 * of them.
 * @param compile is tried on the scorer first: what no worker can use is not promoted.
 */
export async function promoteCommand(
  context: Context,
  folder: string | undefined,
  options: PromoteOptions,
  compile: CompileArtifact = learnedScore,
): Promise<void> {
  const { proposal, canary = null } = options;
  if ((folder === undefined) === (proposal === undefined)) {
    throw new CliError(
      'name what is to be promoted: a folder of "escalier learn", or --proposal with an id of "escalier proposals"',
      EXIT.usage,
    );
  }
  // What is wrong with a folder or the settings is told before a database is needed.
  const fromFolder = folder === undefined ? null : await readLearnedFolder(folder);
  const { settings, scorers } = await readSettings(options);
  const complete = (bundle: LearnedBundle) =>
    completed({ settings, scorers, file: options.settings }, bundle, compile).catch((error: unknown) => {
      if (error instanceof ScorerProblem) throw new CliError(error.message, EXIT.usage, error);
      throw error;
    });
  const early = fromFolder === null ? null : await complete(fromFolder);
  await withDatabase(context, async (pool) => {
    const bundle = fromFolder ?? (await proposalBundle(pool, proposal ?? ''));
    const { policy, written, warnings } = early ?? (await complete(bundle));
    for (const warning of warnings) context.say(warning);
    const { learned, artifact } = bundle;
    const promoted = await promoteCompleted(
      pool,
      settings,
      { policy, written },
      { artifact, canaryShare: canary },
      authorOf(context, options.reason ?? (proposal === undefined ? undefined : `proposal ${proposal}`)),
    ).catch(refusedChange);
    if (proposal !== undefined) {
      await markPromoted(pool, proposal, promoted.canary?.version ?? promoted.version);
    }
    if (context.json) {
      const { certificate, promised } = learned;
      context.out(JSON.stringify({ ...promoted, certificate, promised, warnings }));
    } else context.out(describe(promoted, policy, learned));
  });
}

function describe(
  promoted: Promoted,
  policy: Policy,
  { promised, certificate, reference }: LearnedPolicy,
): string {
  const { task, version, before, canary, changed } = promoted;
  const state =
    canary === null
      ? `version ${version} is current for new queries${before === version ? '' : ` (was ${before})`}`
      : `version ${version} is the canary of ${percent(canary.share)} of new queries; the others take version ${before}`;
  return [
    `Task ${task}: ${state}${changed ? '' : ', as it was already'}.`,
    `  chain        ${describeChain(policy)}`,
    `  promised     ${percent(promised.accuracy)} right for ${displayUsd(parseUsd(numberToDecimal(promised.costUsdPerQuery)))} a query, ${percent(promised.costShare)} of what ${reference} costs`,
    `  certificate  ${certificate === null ? 'none: nothing is guaranteed' : certificateText(certificate)}`,
  ].join('\n');
}
