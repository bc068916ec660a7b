import { simulateAll } from '../../cli/demo/check.ts';
import { chooseChain, demoPolicy } from '../../cli/demo/policy.ts';
import { costOf } from '../../core/price.ts';
import type { KnownQuery } from './audit-coverage.ts';
import { recordedPrices } from '../../recorded/prices.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { recordedUsage } from '../../recorded/usage.ts';

const PICODOLLARS_PER_USD = 1e12;

/** Every query of a recorded set as the demo's chain serves it, with what the last stage would have said and cost. */
export async function knownQueries(set: RecordedSet): Promise<KnownQuery[]> {
  const policy = demoPolicy(set, chooseChain(set));
  const last = policy.chain.length - 1;
  const model = policy.chain[last]!.model;
  const { rates } = recordedPrices(set.models[model]!)[0];
  const usd = (cost: bigint): number => Number(cost) / PICODOLLARS_PER_USD;
  return (await simulateAll(set, policy, set.queries)).map((query): KnownQuery => {
    const response = set.responses.get(model)!.get(query.id)!;
    const before = query.bought.find(({ stage }) => stage === last - 1);
    return {
      right: query.correct === true,
      baselineRight: response.correct === 1,
      paidUsd: usd(query.cost),
      stageUsd: before === undefined ? null : usd(before.cost),
      calledLast: query.bought.some(({ stage }) => stage === last),
      lastUsd: usd(costOf(recordedUsage(response), rates)),
    };
  });
}
