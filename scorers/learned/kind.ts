import { z } from 'zod';
import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256 as hashOf } from '../../core/request-hash.ts';
import { defineScorer, type Score } from '../scorer.ts';
import { ScorerProblem } from '../scorer-problem.ts';

/**
 * Fetches what a scorer was learned as, by its content hash.
 * @throws {ScorerProblem} when there is none. Any other error is worth another try.
 */
export type ReadArtifact = (sha256: string) => Promise<unknown>;

/**
 * Makes a scorer of what was learned: pure, and the same scores for the same artifact.
 * @throws {Error} when the artifact is none that it can read.
 */
export type CompileArtifact = (artifact: unknown) => Score;

const options = z.strictObject({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of a learned scorer, 64 lower-case hex digits')
    .describe('SHA-256 of the canonical JSON of what was learned.'),
});

/**
 * The scorer that `escalier learn` makes and `escalier promote` puts into a policy. A policy pins it by its content, so that a
 * query that runs keeps the scores that it began with, whatever is learned meanwhile. Each artifact is read, checked
 * against its hash and compiled once per process, when it is first asked for; a failed read is tried anew by the next.
 */
export function createLearnedKind(read: ReadArtifact, compile: CompileArtifact) {
  // One entry for each learned version that this process has served.
  const loading = new Map<string, Promise<Score>>();
  const load = (sha256: string): Promise<Score> => {
    const known = loading.get(sha256);
    if (known !== undefined) return known;
    const loaded = read(sha256).then((artifact) => compiled(sha256, artifact, compile));
    loading.set(sha256, loaded);
    loaded.catch(() => loading.delete(sha256));
    return loaded;
  };
  return defineScorer({
    name: 'learned',
    summary:
      'P(answer is right), learned from recorded responses and calibrated. Put into policies by "promote".',
    options,
    remote: false,
    async ready({ sha256 }) {
      await load(sha256);
    },
    create:
      ({ sha256 }) =>
      async (query, responses, context) =>
        (await load(sha256))(query, responses, context),
  });
}

function compiled(sha256: string, artifact: unknown, compile: CompileArtifact): Score {
  const actual = hashOf(canonicalJson(artifact));
  if (actual !== sha256) {
    throw new ScorerProblem(
      `the learned scorer ${sha256} is damaged: what was read has the SHA-256 ${actual}; promote its policy again from the folder that "escalier learn" wrote`,
    );
  }
  try {
    return compile(artifact);
  } catch (error) {
    throw new ScorerProblem(
      `the learned scorer ${sha256} cannot be used by this version (${error instanceof Error ? error.message : String(error)}): run the version that learned it or a later one, or learn and promote it again`,
      { cause: error },
    );
  }
}
