import type pg from 'pg';
import type { LearnedPolicy } from '../../core/learned-policy.ts';
import type { Policy } from '../../core/policy.ts';
import type { Author } from '../../ledger/policy-changes.ts';
import { promotePolicy, type Promoted } from '../../ledger/promotion.ts';
import { logprobsOf } from '../../scorers/learned/artifact.ts';
import { createLearnedKind, type CompileArtifact } from '../../scorers/learned/kind.ts';
import { learnedScore } from '../../scorers/learned/score.ts';
import type { ScorerRegistry } from '../../scorers/registry.ts';
import type { Settings } from '../../settings/load.ts';
import { promotedPolicy, type PromotedPolicy } from '../../settings/promoted.ts';
import { keepPriceBooks } from '../commands/apply.ts';

/** A learned policy with what its scorer was learned as. */
export interface LearnedBundle {
  /** What it is called in messages: a file, or a proposal. */
  readonly name: string;
  readonly learned: LearnedPolicy;
  /** The JSON of `scorer.json`. */
  readonly artifact: unknown;
}

export interface SettingsOfWorker {
  readonly settings: Settings;
  readonly scorers: ScorerRegistry;
  /** The file, in messages. */
  readonly file: string;
}

/** A learned policy as it would serve. */
export interface Completed extends PromotedPolicy {
  /** With the scorer that was learned. */
  readonly scorers: ScorerRegistry;
}

/**
 * A learned policy completed by its task's settings, with its scorer.
 * @param compile is tried on the scorer: what no worker can use does not serve.
 * @throws {SettingsError} where the settings refuse it. @throws {ScorerProblem} where the scorer cannot be used.
 */
export async function completed(
  { settings, scorers: known, file }: SettingsOfWorker,
  { name, learned, artifact }: LearnedBundle,
  compile: CompileArtifact = learnedScore,
): Promise<Completed> {
  const scorers = known.including([createLearnedKind(() => Promise.resolve(artifact), compile)]);
  const promoted = promotedPolicy(
    {
      ...{ settings, scorers, logprobs: logprobsOf(artifact) },
      ...{ files: { settings: file, policy: name }, now: new Date() },
    },
    learned,
  );
  await scorers.load(promoted.policy.scorer);
  return { ...promoted, scorers };
}

/** Puts it into service. @param canaryShare null for all new queries. @throws {PolicyProblem} see `promotePolicy`. */
export async function promoteCompleted(
  pool: pg.Pool,
  settings: Pick<Settings, 'models'>,
  { policy, written }: { readonly policy: Policy; readonly written: Policy },
  { artifact, canaryShare }: { readonly artifact: unknown; readonly canaryShare: number | null },
  author: Author,
): Promise<Promoted> {
  await keepPriceBooks(pool, settings);
  return promotePolicy(pool, { policy, written, artifact, canaryShare }, author);
}
