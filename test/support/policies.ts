import type { Policy, PolicyModel, ScorerSpec } from '../../core/policy.ts';
import type { Price } from '../../core/price.ts';

export function priceOf(inputUsdPerMtok: string, outputUsdPerMtok: string): Price {
  return {
    id: `test-${inputUsdPerMtok}-${outputUsdPerMtok}`,
    source: 'test',
    from: null,
    daily: null,
    rates: { input: inputUsdPerMtok, output: outputUsdPerMtok },
  };
}

export function modelOf(
  model: string,
  price: Price | 'unknown',
  overrides: Partial<PolicyModel> = {},
): PolicyModel {
  return {
    model,
    provider: 'vendor',
    modelId: model,
    parameters: {},
    maxOutputTokens: 1000,
    timeoutMs: 10_000,
    maxAttempts: 3,
    stream: false,
    price: price === 'unknown' ? 'unknown' : [price],
    expectedUsdPerMtok: null,
    ...overrides,
  };
}

const PRICES = { small: priceOf('1', '2'), medium: priceOf('5', '10'), large: priceOf('50', '100') } as const;

/** A chain of the models `small` ($1/$2 per Mtok), `medium` ($5/$10) and `large` ($50/$100). */
export function chainOf(
  names: readonly (keyof typeof PRICES)[] = ['small', 'medium', 'large'],
  overrides: Partial<PolicyModel> = {},
): PolicyModel[] {
  return names.map((name) => modelOf(name, PRICES[name], overrides));
}

export function localScorer(name: string, options: ScorerSpec['options'] = {}): ScorerSpec {
  return { name, options, models: [], remote: false, scoresLastStage: true };
}

/** The model `judge` ($2/$4 per Mtok), which grades from 0 to 10. */
export const JUDGE: ScorerSpec = {
  name: 'judge',
  options: { model: 'judge' },
  models: [modelOf('judge', priceOf('2', '4'))],
  remote: true,
  scoresLastStage: false,
};

/** The whole chain; agreement of two accepts. */
export function policyOf(task: string, overrides: Partial<Policy> = {}): Policy {
  const chain = overrides.chain ?? chainOf();
  return {
    task,
    chain,
    thresholds: chain.map(() => 0.6),
    scorer: localScorer('agreement'),
    answer: { from: 'number' },
    limits: { maxCostUsd: null, deadlineMs: null },
    retention: 'full',
    tokenProfile: { input: 3, output: 1, cachedInput: 0 },
    ...overrides,
  };
}
