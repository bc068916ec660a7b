import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { AnswerSpec } from '../../core/answer.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { EvidenceModels } from '../../core/learned-policy.ts';
import { sha256 } from '../../core/request-hash.ts';
import type { JsonObject } from '../../core/policy.ts';
import { comesDownTo, pinnedRule, type StopRule } from '../../core/stop-rule.ts';
import type { SimulatedPolicy } from '../../learning/simulate.ts';
import { simulatedEvidence } from '../../learning/simulated-evidence.ts';
import { parseJson } from '../../recorded/rows.ts';
import { recordedPrices } from '../../recorded/prices.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import type { ScorerRegistry } from '../../scorers/index.ts';
import type { CompileArtifact } from '../../scorers/learned/kind.ts';
import type { Score } from '../../scorers/scorer.ts';
import { evidenceModelsSchema, stopRuleSchema } from '../../settings/learned-policy.ts';

const normalise = z.enum(['none', 'loose', 'number']);
const answer: z.ZodType<AnswerSpec> = z.discriminatedUnion('from', [
  z.object({ from: z.literal('open') }),
  z.object({ from: z.literal('text'), normalise }),
  z.object({ from: z.literal('json'), pointer: z.string(), normalise }),
  z.object({ from: z.literal('regex'), pattern: z.string(), normalise }),
  z.object({ from: z.literal('label'), labels: z.array(z.string()) }),
  z.object({ from: z.literal('number') }),
]);
const share = z.number().min(0).max(1);

/**
 * A policy over models by name, without connections, prices or limits. It is scored by a scorer of its own (`scorer`), or
 * by what was learned beside it (`scorer.json`, whose hash it carries).
 */
const policyFileSchema = z
  .looseObject({
    formatVersion: z.literal(1),
    task: z.string().min(1),
    answer,
    chain: z.array(z.string().min(1)).min(1),
    /** One per stage. */
    thresholds: z.array(share),
    rule: stopRuleSchema.optional(),
    modelAccuracy: z.array(share).optional(),
    scorer: z
      .strictObject({ name: z.string(), options: z.record(z.string(), z.json()).default({}) })
      .optional(),
    scorerSha256: z.string().optional(),
    evidence: evidenceModelsSchema.exactOptional(),
  })
  .refine(({ chain, thresholds }) => thresholds.length === chain.length, {
    path: ['thresholds'],
    message: 'expected one for each stage of the chain',
  })
  .refine(
    ({ chain, modelAccuracy }) => modelAccuracy === undefined || modelAccuracy.length === chain.length,
    {
      path: ['modelAccuracy'],
      message: 'expected one for each stage of the chain',
    },
  )
  .refine(
    ({ rule, chain, thresholds }) =>
      rule === undefined ||
      pinnedRule(rule).stopRule === undefined ||
      comesDownTo(rule, chain.length, thresholds),
    {
      path: ['rule'],
      message:
        'expected one that comes down to the thresholds: leave it out to have the same thresholds for every query',
    },
  )
  .refine(({ scorer, scorerSha256 }) => (scorer === undefined) !== (scorerSha256 === undefined), {
    path: ['scorer'],
    message: 'expected either a scorer, or scorerSha256 of the scorer.json beside the file',
  });

/** A policy file, read and checked. */
export interface PolicyFile {
  readonly task: string;
  readonly answer: AnswerSpec;
  readonly chain: readonly string[];
  readonly thresholds: readonly number[];
  /** Null where the thresholds are the same for every query. */
  readonly stopRule: StopRule | null;
  readonly modelAccuracy: readonly number[] | null;
  /** A registered scorer with all its options; null for a learned one. */
  readonly scorer: { readonly name: string; readonly options: JsonObject } | null;
  readonly score: Score;
  readonly scoresLastStage: boolean;
  /** Whom a learned scorer asks; null where it asks nobody. */
  readonly evidence: EvidenceModels | null;
}

/**
 * Reads a policy: one that was written by hand, or `policy.json` of a learned one with the `scorer.json` beside it.
 * @param given the file, or the folder that it is in.
 * @throws {Error} naming the file and what to mend; also where the scorer is not the one that the policy was learned with.
 */
export async function readPolicyFile(
  given: string,
  scorers: ScorerRegistry,
  learnedScore: CompileArtifact,
): Promise<PolicyFile> {
  const isFolder = await stat(given).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const path = isFolder ? join(given, 'policy.json') : given;
  const parsed = parseJson(await textOf(path), policyFileSchema, path);
  const { task, chain, thresholds, modelAccuracy = null, scorer = null, scorerSha256 } = parsed;
  const { stopRule = null } = parsed.rule === undefined ? {} : pinnedRule(parsed.rule);
  const { evidence = null } = parsed;
  const common = { task, chain, thresholds, stopRule, modelAccuracy, answer: parsed.answer, evidence };
  if (scorer !== null) {
    const { name, options, scoresLastStage } = parsedScorer(scorers, scorer, path);
    return { ...common, scorer: { name, options }, score: scorers.create(scorer), scoresLastStage };
  }
  const file = join(dirname(path), 'scorer.json');
  const artifact = parseJson(await textOf(file), z.json(), file);
  if (sha256(canonicalJson(artifact)) !== scorerSha256) {
    throw new Error(
      `${file} is not the scorer that ${path} was learned with: put the two of one "learn" together`,
    );
  }
  return { ...common, scorer: null, score: learnedScore(artifact, evidence ?? {}), scoresLastStage: true };
}

function parsedScorer(scorers: ScorerRegistry, scorer: { name: string; options: object }, path: string) {
  const parsed = scorers.parse(scorer.name, scorer.options);
  if ('problems' in parsed) throw new Error(`${path}: scorer: ${parsed.problems.join('; ')}`);
  return parsed.scorer;
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`${file} cannot be read: name a policy.json, or write one (see docs/simulate.md)`, {
      cause,
    });
  });
}

/**
 * As the simulator runs it, at the recorded prices.
 * @throws {Error} when the set does not name a model of the chain.
 */
export function simulatedFile(policy: PolicyFile, set: RecordedSet): SimulatedPolicy {
  const { chain, thresholds, stopRule, answer: spec, score, scoresLastStage, modelAccuracy } = policy;
  return {
    stages: chain.map((model) => ({ model, worstCaseUsd: null })),
    thresholds,
    ...(stopRule === null ? {} : { stopRule }),
    scorer: { scoresLastStage, worstCaseUsd: '0' },
    limits: { maxCostUsd: null, deadlineMs: null },
    answer: spec,
    score,
    prices: chain.map((model) => {
      const recorded = set.models[model];
      if (recorded === undefined) throw new Error(`models.json does not name ${model}`);
      return recordedPrices(recorded)[0];
    }),
    ...(modelAccuracy === null ? {} : { modelAccuracy }),
    ...(policy.evidence === null ? {} : { evidence: simulatedEvidence(set, policy.evidence) }),
  };
}
