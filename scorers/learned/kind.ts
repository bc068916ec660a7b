import { z } from 'zod';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { EvidenceModels } from '../../core/learned-policy.ts';
import { sha256 as hashOf } from '../../core/request-hash.ts';
import { defineScorer, type Score } from '../scorer.ts';
import { ScorerProblem } from '../scorer-problem.ts';

/**
 * Fetches what a scorer was learned as, by its content hash.
 * @throws {ScorerProblem} when there is none. Any other error is worth another try.
 */
export type ReadArtifact = (sha256: string) => Promise<unknown>;

/**
 * Makes a scorer of what was learned: the same scores for the same artifact and evidence.
 * @param bought whom it may ask for evidence.
 * @throws {Error} when the artifact is none that it can read, or was learned with other evidence.
 */
export type CompileArtifact = (artifact: unknown, bought: EvidenceModels) => Score;

const options = z.strictObject({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of a learned scorer, 64 lower-case hex digits')
    .describe('SHA-256 of the canonical JSON of what was learned.'),
  judge: z
    .string()
    .min(1)
    .exactOptional()
    .describe('Which of the settings’ models grades each response, as when it was learned.'),
  embedder: z
    .string()
    .min(1)
    .exactOptional()
    .describe('Which of the settings’ models embeds the query and each response, as when it was learned.'),
});

/** The kind's name. */
export const LEARNED = 'learned';

type Options = z.infer<typeof options>;

/**
 * The scorer that `escalier learn` makes and `escalier promote` puts into a policy. A policy pins it by its content, so that a
 * query that runs keeps the scores that it began with, whatever is learned meanwhile. Each artifact is read, checked
 * against its hash and compiled once per process, when it is first asked for; a failed read is tried anew by the next.
 */
export function createLearnedKind(read: ReadArtifact, compile: CompileArtifact) {
  // One entry for each learned version that this process has served.
  const loading = new Map<string, Promise<Score>>();
  const load = ({ sha256, ...bought }: Options): Promise<Score> => {
    const key = canonicalJson([sha256, bought]);
    const known = loading.get(key);
    if (known !== undefined) return known;
    const loaded = read(sha256).then((artifact) => compiled(sha256, artifact, bought, compile));
    loading.set(key, loaded);
    loaded.catch(() => loading.delete(key));
    return loaded;
  };
  return defineScorer({
    name: LEARNED,
    summary:
      'P(answer is right), learned from recorded responses and calibrated. Put into policies by "promote".',
    options,
    // Unless it has evidence bought.
    remote: false,
    models: ({ judge }) => (judge === undefined ? [] : [judge]),
    embedders: ({ embedder }) => (embedder === undefined ? [] : [embedder]),
    async ready(own) {
      await load(own);
    },
    create: (own) => async (query, responses, context) => (await load(own))(query, responses, context),
  });
}

function compiled(
  sha256: string,
  artifact: unknown,
  bought: EvidenceModels,
  compile: CompileArtifact,
): Score {
  const actual = hashOf(canonicalJson(artifact));
  if (actual !== sha256) {
    throw new ScorerProblem(
      `the learned scorer ${sha256} is damaged: what was read has the SHA-256 ${actual}; promote its policy again from the folder that "escalier learn" wrote`,
    );
  }
  try {
    return compile(artifact, bought);
  } catch (error) {
    throw new ScorerProblem(
      `the learned scorer ${sha256} cannot be used by this version (${error instanceof Error ? error.message : String(error)}): run the version that learned it or a later one, or learn and promote it again`,
      { cause: error },
    );
  }
}
