import { formatUsd, type DecimalUsd } from '../core/money.ts';
import { outputTokenBound } from '../core/output-bound.ts';
import type { Policy } from '../core/policy.ts';
import { worstCase, type Price } from '../core/price.ts';
import { pinnedRule } from '../core/stop-rule.ts';
import type { EvidenceModels } from '../core/learned-policy.ts';
import type { SimulatedPolicy } from '../learning/simulate.ts';
import { simulatedEvidence } from '../learning/simulated-evidence.ts';
import { inputTokenBound } from '../providers/token-bound.ts';
import type { RecordedQuery } from '../recorded/format.ts';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { LEARNED } from '../scorers/learned/kind.ts';
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
  const prices = policy.chain.map(({ model }) => {
    const recorded = set.models[model];
    if (recorded === undefined) throw new Error(`models.json does not name ${model}`);
    return recordedPrices(recorded)[0];
  });
  const bought = evidenceModelsOf(policy);
  return {
    ...policy,
    stages: policy.chain.map(({ model }) => ({ model, worstCaseUsd: null })),
    scorer: { ...policy.scorer, worstCaseUsd: '0' },
    score: scorers.create(policy.scorer),
    prices,
    ...(policy.limits.maxCostUsd === null
      ? {}
      : { worstCases: (query) => worstCases(policy, prices, query) }),
    ...(policy.learned === undefined
      ? {}
      : { ...pinnedRule(policy.learned.rule), modelAccuracy: policy.learned.modelAccuracy }),
    ...(isBought(bought) ? { evidence: simulatedEvidence(set, bought) } : {}),
  };
}

/** Whom a policy's learned scorer asks; nobody in a policy with another scorer. */
export function evidenceModelsOf({ scorer }: Pick<Policy, 'scorer'>): EvidenceModels {
  if (scorer.name !== LEARNED) return {};
  const { judge, embedder } = scorer.options;
  return {
    ...(typeof judge === 'string' ? { judge } : {}),
    ...(typeof embedder === 'string' ? { embedder } : {}),
  };
}

function isBought({ judge, embedder }: EvidenceModels): boolean {
  return judge !== undefined || embedder !== undefined;
}

/** As the workflow's plan bounds each call, at the recorded prices. */
function worstCases(
  policy: Policy,
  prices: readonly Price[],
  { messages }: RecordedQuery,
): (DecimalUsd | null)[] {
  return policy.chain.map((model, stage) => {
    const price = prices[stage];
    const worst = worstCase(
      price === undefined ? null : [price],
      inputTokenBound(messages, model.parameters),
      outputTokenBound(model, model.parameters),
    );
    return worst === null ? null : formatUsd(worst);
  });
}
