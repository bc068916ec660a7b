import { z } from 'zod';
import { jsonSchema } from '../core/parameters.ts';
import type { LearnedPolicy } from '../core/learned-policy.ts';
import { comesDownTo } from '../core/stop-rule.ts';
import { problemsOf, SettingsError } from './problems.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256, 64 lower-case hex digits');
const share = z.number().min(0).max(1);
const count = z.int().nonnegative();

const certificate = z.strictObject({
  loss: z.enum(['regret', 'harm', 'selective']),
  alpha: share,
  delta: share,
  baseline: z.string().nullable(),
  n: z.int().positive(),
  use: z.int().positive(),
  pathIndex: count,
  pathLength: z.int().positive(),
  pValue: share,
  splitSha256: sha256,
  scorerSha256: sha256,
  pathSha256: sha256,
});

/** A stop rule as `policy.json` has it. */
export const stopRuleSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('threshold'), threshold: share }),
  z.strictObject({
    type: z.literal('value'),
    lambdaUsd: z.number().nonnegative(),
    steps: z.array(
      z.strictObject({
        priceUsd: z.number().nonnegative(),
        spent: z
          .strictObject({ meanUsd: z.number().nonnegative(), slope: z.number().nonnegative() })
          .exactOptional(),
        gain: z.strictObject({
          confidence: z.array(share).min(1),
          gain: z.array(z.number().nonnegative()).min(1),
        }),
      }),
    ),
  }),
]);

/** Whom a learned scorer asks, as `policy.json` has it. */
export const evidenceModelsSchema = z.strictObject({
  judge: z.string().min(1).exactOptional(),
  embedder: z.string().min(1).exactOptional(),
});

/** The shape of `policy.json`, and what its parts must be to each other. */
const learnedPolicySchema = z
  .strictObject({
    formatVersion: z.literal(1),
    task: z.string().min(1),
    // It is held against the task's own, which has been checked.
    answer: z.custom<LearnedPolicy['answer']>((value) => jsonSchema.safeParse(value).success),
    chain: z.array(z.string().min(1)).min(1),
    rule: stopRuleSchema,
    thresholds: z.array(share),
    modelAccuracy: z.array(share),
    scorerSha256: sha256,
    evidence: evidenceModelsSchema.exactOptional(),
    reference: z.string().min(1),
    learnedFrom: z.strictObject({ trainSha256: sha256, queries: count, seed: z.int() }),
    promised: z.strictObject({
      accuracy: share,
      costUsdPerQuery: z.number().nonnegative(),
      costShare: z.number().nonnegative(),
    }),
    certificate: certificate.nullable(),
  })
  .superRefine((policy, context) => {
    const complain = (key: keyof LearnedPolicy, message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    const stages = policy.chain.length;
    for (const key of ['thresholds', 'modelAccuracy'] as const) {
      if (policy[key].length !== stages) {
        complain(key, `has ${policy[key].length} entries for a chain of ${stages}`);
      }
    }
    if (policy.rule.type === 'value' && policy.rule.steps.length !== stages - 1) {
      complain('rule', `has ${policy.rule.steps.length} steps for a chain of ${stages}`);
    } else if (!comesDownTo(policy.rule, stages, policy.thresholds)) {
      complain('thresholds', 'are not what the rule comes down to');
    }
    if (policy.certificate !== null && policy.certificate.scorerSha256 !== policy.scorerSha256) {
      complain('certificate', 'was given for another scorer');
    }
  }) satisfies z.ZodType<LearnedPolicy>;

/**
 * Reads a `policy.json`.
 * @param file its name in messages.
 * @throws {SettingsError} with every problem at once, one line each.
 */
export function parseLearnedPolicy(value: unknown, file: string): LearnedPolicy {
  const parsed = learnedPolicySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SettingsError(
    problemsOf(parsed.error, learnedPolicySchema, value).map(
      ({ path, message }) =>
        `${file}: ${path.length === 0 ? '' : `${path.join('.')} `}${message} (it is written by "escalier learn", and not edited)`,
    ),
  );
}
