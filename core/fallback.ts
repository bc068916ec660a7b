import type { Policy } from './policy.ts';

/**
 * What serves after an alarm: the baseline alone, reached and limited as in the policy that the alarm is about. That is the model that
 * its certificate is held against, where the chain has it, else the last stage. Nobody scores, audits or reviews it: it is
 * what the others were held against.
 * @param version of `policy`.
 */
export function fallbackOf(policy: Policy, version: number): Policy {
  const { task, chain, answer, limits, retention, tokenProfile, learned } = policy;
  const named = chain.find(({ model }) => model === learned?.certificate?.baseline);
  const baseline = named ?? chain.at(-1);
  return {
    task,
    chain: baseline === undefined ? [] : [baseline],
    thresholds: [0],
    scorer: { name: 'agreement', options: { prior: 1 }, models: [], remote: false, scoresLastStage: false },
    answer,
    limits,
    retention,
    tokenProfile,
    fallbackFor: version,
  };
}
