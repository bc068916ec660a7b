import type { Policy, PolicyModel } from '../../core/policy.ts';
import type { Price } from '../../core/price.ts';
import type { ProviderSettings } from '../../settings/providers.ts';
import { baseUrlOf, GOOD_PATTERN, MODELS, PROFILES, type Profile } from './profiles.ts';

/** How the model calls of a cascade are executed: see docs/settings.md. */
export type Execution = 'durable' | 'inline';

const ALL = Object.keys(PROFILES) as Profile[];

/** Longer than the slowest profile. */
const REQUEST_TIMEOUT_MS = 120_000;

export function taskOf(profile: Profile, execution: Execution): string {
  return `${profile}-${execution}`;
}

/** A policy for each profile and way to execute: nothing else differs between them. */
export function benchPolicies(): Policy[] {
  return ALL.flatMap((profile) => [policyOf(profile, 'durable'), policyOf(profile, 'inline')]);
}

function policyOf(profile: Profile, execution: Execution): Policy {
  const policy: Policy & { readonly execution?: Execution } = {
    task: taskOf(profile, execution),
    chain: MODELS.map((model, stage) => modelOf(profile, model, stage)),
    thresholds: MODELS.map(() => 0.5),
    scorer: {
      name: 'validator',
      options: { on: 'text', regex: GOOD_PATTERN, valid: 1, invalid: 0 },
      models: [],
      remote: false,
      scoresLastStage: true,
    },
    answer: { from: 'number' },
    limits: { maxCostUsd: null, deadlineMs: null },
    retention: 'full',
    tokenProfile: { input: 3, output: 1, cachedInput: 0 },
    // Durable is what a policy without the field is.
    ...(execution === 'inline' ? { execution } : {}),
  };
  return policy;
}

function modelOf(profile: Profile, model: string, stage: number): PolicyModel {
  const usd = stage === 0 ? '0.1' : '2';
  const price: Price = {
    id: `bench-${model}`,
    source: 'bench',
    from: null,
    daily: null,
    rates: { input: usd, output: usd },
  };
  return {
    model,
    provider: profile,
    modelId: model,
    parameters: { max_completion_tokens: 100 },
    maxOutputTokens: 100,
    timeoutMs: REQUEST_TIMEOUT_MS,
    maxAttempts: 3,
    stream: false,
    price: [price],
    expectedUsdPerMtok: usd,
  };
}

/** A provider for each profile. */
export function benchProviders(upstreamUrl: string): Map<string, ProviderSettings> {
  return new Map(
    ALL.map((profile) => [
      profile,
      {
        name: profile,
        kind: 'openai-compatible',
        title: PROFILES[profile].title,
        baseUrl: baseUrlOf(upstreamUrl, profile),
        keyEnv: null,
        keyRequired: false,
        headers: {},
        query: {},
        priceProvider: null,
      },
    ]),
  );
}
