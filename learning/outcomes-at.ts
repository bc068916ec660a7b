import type { ChainTable } from './frontier.ts';

/** What a chain with fixed thresholds did, by position. */
export interface ServedOutcomes {
  /** The stage at which the query stopped. */
  readonly stops: Uint8Array;
  readonly right: Uint8Array;
  /** P(right) that the answer was served with. */
  readonly confidence: Float64Array;
  readonly costUsd: Float64Array;
}

/** A chain's table served by thresholds, as the state machine serves: a response's candidate is accepted at its threshold or above. */
export function outcomesAt(table: ChainTable, thresholds: readonly number[]): ServedOutcomes {
  const n = table.spent[0]!.length;
  const last = table.stages.length - 1;
  const stops = new Uint8Array(n);
  const right = new Uint8Array(n);
  const confidence = new Float64Array(n);
  const costUsd = new Float64Array(n);
  for (let at = 0; at < n; at++) {
    let stage = 0;
    while (stage < last && table.stages[stage]!.score[at]! < thresholds[stage]!) stage++;
    stops[at] = stage;
    right[at] = table.stages[stage]!.right[at]!;
    confidence[at] = table.stages[stage]!.confidence[at]!;
    costUsd[at] = table.spent[stage]![at]!;
  }
  return { stops, right, confidence, costUsd };
}
