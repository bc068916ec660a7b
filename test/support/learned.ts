import { z } from 'zod';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Certificate } from '../../core/certificate.ts';
import type { LearnedPolicy } from '../../core/learned-policy.ts';
import { sha256 } from '../../core/request-hash.ts';
import { liftSingle } from '../../scorers/index.ts';
import type { CompileArtifact } from '../../scorers/learned/kind.ts';

/** What a learned scorer is here: one confidence for every answer. */
export interface StandIn {
  readonly confidence: number;
}

export const compileStandIn: CompileArtifact = (artifact) => {
  const { confidence } = z.strictObject({ confidence: z.number() }).parse(artifact);
  return liftSingle(() => confidence);
};

export function hashOf(artifact: StandIn): string {
  return sha256(canonicalJson(artifact));
}

export function certificateOf(artifact: StandIn): Certificate {
  return {
    loss: 'regret',
    alpha: 0.02,
    delta: 0.1,
    baseline: 'large',
    n: 300,
    use: 1,
    pathIndex: 6,
    pathLength: 50,
    pValue: 0.03,
    splitSha256: 'a'.repeat(64),
    scorerSha256: hashOf(artifact),
    pathSha256: 'c'.repeat(64),
  };
}

/** What `escalier learn` would have written: small, then large. */
export function learnedPolicyOf(
  task: string,
  artifact: StandIn,
  overrides: Partial<LearnedPolicy> = {},
): LearnedPolicy {
  return {
    formatVersion: 1,
    task,
    answer: { from: 'number' },
    chain: ['small', 'large'],
    rule: { type: 'threshold', threshold: 0.8 },
    thresholds: [0.8, 0.8],
    modelAccuracy: [0.7, 0.9],
    scorerSha256: hashOf(artifact),
    reference: 'large',
    learnedFrom: { trainSha256: 'd'.repeat(64), queries: 200, seed: 1 },
    promised: { accuracy: 0.89, costUsdPerQuery: 0.000_42, costShare: 0.21 },
    certificate: certificateOf(artifact),
    ...overrides,
  };
}
