import type pg from 'pg';
import { readScorer } from '../ledger/scorers.ts';
import { createLearnedKind, type ReadArtifact } from '../scorers/learned/kind.ts';
import { learnedScore } from '../scorers/learned/score.ts';
import type { ScorerRegistry } from '../scorers/registry.ts';
import { ScorerProblem } from '../scorers/scorer-problem.ts';

/** A registry with the learned scorers of a ledger. */
export function withLearnedScorers(scorers: ScorerRegistry, pool: pg.Pool): ScorerRegistry {
  return scorers.including([createLearnedKind(artifactsOf(pool), learnedScore)]);
}

/** What learned scorers were learned as, from the ledger. */
export function artifactsOf(pool: pg.Pool): ReadArtifact {
  return async (sha256) => {
    const artifact = await readScorer(pool, sha256);
    if (artifact !== null) return artifact;
    throw new ScorerProblem(
      `the ledger has no learned scorer ${sha256}: promote its policy again, with "escalier promote" of the folder that "escalier learn" wrote and this ledger's DATABASE_URL`,
    );
  };
}
