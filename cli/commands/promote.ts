import { certificateText } from '../../core/certificate.ts';
import type { LearnedPolicy } from '../../core/learned-policy.ts';
import type { Policy } from '../../core/policy.ts';
import { displayUsd, numberToDecimal, parseUsd } from '../../core/money.ts';
import { promotePolicy, type Promoted } from '../../ledger/promotion.ts';
import { createLearnedKind, type CompileArtifact } from '../../scorers/learned/kind.ts';
import { learnedScore } from '../../scorers/learned/score.ts';
import { ScorerProblem } from '../../scorers/scorer-problem.ts';
import { promotedPolicy } from '../../settings/promoted.ts';
import { authorOf } from '../author.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { percent } from '../output.ts';
import { refusedChange } from '../policy-problem.ts';
import { readLearnedFolder } from '../serving/learned-folder.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';
import { describeChain, keepPriceBooks } from './apply.ts';

export interface PromoteOptions extends SettingsOptions {
  /** Share of new queries, between 0 and 1. */
  readonly canary?: number;
  readonly reason?: string;
}

/**
 * Puts what `escalier learn` wrote into service, for all new queries of its task or for a share of them.
 * @param compile is tried on the scorer first: what no worker can use is not promoted.
 */
export async function promoteCommand(
  context: Context,
  folder: string,
  options: PromoteOptions,
  compile: CompileArtifact = learnedScore,
): Promise<void> {
  const { policyFile, learned, artifact } = await readLearnedFolder(folder);
  const { settings, scorers: known } = await readSettings(options);
  const scorers = known.including([createLearnedKind(() => Promise.resolve(artifact), compile)]);
  const { policy, written, warnings } = promotedPolicy(
    { settings, scorers, files: { settings: options.settings, policy: policyFile }, now: new Date() },
    learned,
  );
  await scorers.load(policy.scorer).catch((error: unknown) => {
    if (error instanceof ScorerProblem) throw new CliError(error.message, EXIT.usage, error);
    throw error;
  });
  for (const warning of warnings) context.say(warning);
  await withDatabase(context, async (pool) => {
    await keepPriceBooks(pool, settings);
    const promoted = await promotePolicy(
      pool,
      { policy, written, artifact, canaryShare: options.canary ?? null },
      authorOf(context, options.reason),
    ).catch(refusedChange);
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
