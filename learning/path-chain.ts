import type { StopRule } from '../core/stop-rule.ts';
import { mean } from './baselines/outcomes.ts';
import type { Dataset } from './dataset.ts';
import { ruleBetween, sweep, type ChainTable, type RuleType } from './frontier.ts';
import { LONGEST_PATH } from './guarantee/fixed-sequence.ts';
import type { Claim } from './guarantee/frozen-test.ts';
import type { Fitted } from './learn.ts';
import { outcomesAt, type ServedOutcomes } from './outcomes-at.ts';
import { RULES } from './search.ts';

/** A chain with the rules that a path goes through, from careful to cheap. */
export interface PathChain {
  readonly table: ChainTable;
  readonly rule: RuleType;
  readonly rules: readonly StopRule[];
  /** Policies that were looked at. */
  readonly compared: number;
}

/** Standard errors of the certify sample that a point's loss must stay below α by: what a test of that size is likely to pass. */
const MARGIN = 1.64;

/**
 * The chain and rule whose cheapest point that a test of `n` queries would likely certify costs least, by the selection data.
 * Chains end in the baseline: what they give up on is then answered as the baseline answers.
 */
export function choosePathChain(
  data: Dataset,
  { tables, queries }: Fitted,
  baseline: number,
  claim: Claim,
  n: number,
): PathChain {
  const alone = queries.map((query) => data.responses[baseline]![query]!);
  const baselineRight = alone.map(({ correct }) => correct);
  const baselineCost = mean(Float64Array.from(alone, ({ costUsd }) => costUsd));
  let best: { table: ChainTable; rule: RuleType; costUsd: number } | null = null;
  let compared = 0;
  for (const table of tables) {
    if (table.chain.length < 2 || table.chain.at(-1) !== baseline) continue;
    for (const rule of RULES) {
      for (const point of rulesOf(table, rule)) {
        compared++;
        const served = outcomesAt(table, point);
        if (!isLikely(claim, served, baselineRight, table.chain.length - 1, n)) continue;
        const costUsd = mean(served.costUsd);
        if (costUsd < (best?.costUsd ?? baselineCost)) best = { table, rule, costUsd };
      }
    }
  }
  if (best === null) {
    // Nothing is likely to pass: the path of the longest-standing kind, so that the test and its forecast can say so.
    const table = tables.find(({ chain }) => chain.length === 2 && chain[1] === baseline);
    if (table === undefined) {
      throw new Error(`no other model is worth calling before ${data.models[baseline]}: serve it alone`);
    }
    best = { table, rule: 'threshold', costUsd: Number.POSITIVE_INFINITY };
  }
  // A careful point can cost more than the baseline that it mostly ends in: to certify it would be to pay for nothing.
  const { table, rule } = best;
  const rules = rulesOf(table, rule).filter((point) => mean(outcomesAt(table, point).costUsd) < baselineCost);
  return { table, rule, rules, compared };
}

function isLikely(
  { loss, alpha }: Claim,
  { right, stops }: ServedOutcomes,
  baselineRight: readonly number[],
  last: number,
  n: number,
): boolean {
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < right.length; at++) {
    const difference = baselineRight[at]! - right[at]!;
    const value =
      loss === 'selective'
        ? stops[at]! < last
          ? 1 - right[at]! - alpha
          : 0
        : (loss === 'regret' ? difference : Math.max(0, difference)) - alpha;
    sum += value;
    squares += value * value;
  }
  const mean = sum / right.length;
  return mean + MARGIN * Math.sqrt(Math.max(0, squares / right.length - mean * mean) / n) <= 0;
}

/** Rules along a frontier, from careful to cheap: as many as a path may have beside the baseline, evenly spread. */
function rulesOf(table: ChainTable, rule: RuleType): StopRule[] {
  const scores: number[] = [];
  sweep(
    table,
    rule,
    () => undefined,
    (score) => scores.push(score),
  );
  const most = LONGEST_PATH - 1;
  const count = Math.min(most, scores.length);
  const picked = Array.from({ length: count }, (_, at) =>
    count === 1 ? 0 : Math.round((at * (scores.length - 1)) / (count - 1)),
  );
  return picked.reverse().map((at) => ruleBetween(table, rule, scores[at]!, scores[at + 1] ?? null));
}
