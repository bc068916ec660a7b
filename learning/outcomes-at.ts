import { isWorth, type StopRule } from '../core/stop-rule.ts';
import type { ChainTable } from './frontier.ts';
import { NO_EVIDENCE } from './sets.ts';

/** What a chain with a stop rule did, by position. */
export interface ServedOutcomes {
  /** The stage at which the query stopped. */
  readonly stops: Uint8Array;
  readonly right: Uint8Array;
  /** P(right) that the answer was served with. */
  readonly confidence: Float64Array;
  readonly costUsd: Float64Array;
}

/**
 * A chain's table served by a stop rule, as the state machine serves: a response's candidate is accepted at its threshold or above.
 * @param rule whose steps are the chain's; or thresholds, one for each stage.
 */
export function outcomesAt(table: ChainTable, rule: StopRule | readonly number[]): ServedOutcomes {
  const n = table.spent[0]!.length;
  const last = table.stages.length - 1;
  const stops = new Uint8Array(n);
  const right = new Uint8Array(n);
  const confidence = new Float64Array(n);
  const costUsd = new Float64Array(n);
  const goesOn = goesOnBy(table, rule);
  for (let at = 0; at < n; at++) {
    let stage = 0;
    while (stage < last && goesOn(stage, at)) stage++;
    stops[at] = stage;
    right[at] = table.stages[stage]!.right[at]!;
    confidence[at] = table.stages[stage]!.confidence[at]!;
    costUsd[at] = table.spent[stage]![at]!;
  }
  return { stops, right, confidence, costUsd };
}

/** For `value` what its threshold is the root of, which is found by halving: too slow for every query of every chain. */
function goesOnBy(
  { stages, spent }: ChainTable,
  rule: StopRule | readonly number[],
): (stage: number, at: number) => boolean {
  if (!('type' in rule)) return (stage, at) => stages[stage]!.score[at]! < rule[stage]!;
  if (rule.type === 'threshold') return (stage, at) => stages[stage]!.score[at]! < rule.threshold;
  return (stage, at) => {
    const score = stages[stage]!.score[at]!;
    return score === NO_EVIDENCE || isWorth(rule.steps[stage]!, rule.lambdaUsd, score, spent[stage]![at]!);
  };
}
