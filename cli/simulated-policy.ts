import type { Policy } from '../core/policy.ts';
import type { SimulatedPolicy } from '../learning/simulate.ts';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { createScorerRegistry, type ScorerRegistry } from '../scorers/index.ts';

/**
 * A policy for the simulator, at the recorded set's prices.
 * @throws {Error} when the set does not name a model of the chain.
 */
export function simulatedPolicy(
  set: RecordedSet,
  policy: Policy,
  scorers: ScorerRegistry = createScorerRegistry(),
): SimulatedPolicy {
  return {
    ...policy,
    stages: policy.chain.map(({ model }) => ({ model, worstCaseUsd: null })),
    scorer: { ...policy.scorer, worstCaseUsd: '0' },
    score: scorers.create(policy.scorer),
    prices: policy.chain.map(({ model }) => {
      const recorded = set.models[model];
      if (recorded === undefined) throw new Error(`models.json does not name ${model}`);
      return recordedPrices(recorded)[0];
    }),
  };
}
