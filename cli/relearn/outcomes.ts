import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Policy } from '../../core/policy.ts';
import type { Outcomes } from '../../learning/relearn/decide.ts';
import { simulateQuery } from '../../learning/simulate.ts';
import { usdOf } from '../../core/usd.ts';
import type { RecordedQuery } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import type { ScorerRegistry } from '../../scorers/registry.ts';
import { simulatedPolicy } from '../simulated-policy.ts';

/**
 * What a policy does to queries of a set, decided by the state machine that serves. The process lives on meanwhile.
 * @throws {Error} when the set lacks a response that the policy asks for.
 */
export async function outcomesOf(
  set: RecordedSet,
  policy: Policy,
  scorers: ScorerRegistry,
  queries: readonly RecordedQuery[],
  signal: AbortSignal,
): Promise<Outcomes> {
  const simulated = simulatedPolicy(set, policy, scorers);
  const right: number[] = [];
  const costUsd: number[] = [];
  for (const query of queries) {
    await nextTurn();
    signal.throwIfAborted();
    const run = await simulateQuery(simulated, query, (model) => set.responses.get(model)?.get(query.id));
    right.push(run.correct === true ? 1 : 0);
    costUsd.push(usdOf(run.cost));
  }
  return { right, costUsd };
}
