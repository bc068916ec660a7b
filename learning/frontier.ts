import { gainAt, type StopRule, type ValueStep } from '../core/stop-rule.ts';
import { NO_EVIDENCE, type SetTable } from './sets.ts';

/** A chain on the selection data: everything that its stop rules are swept over. */
export interface ChainTable {
  /** Numbers of its models. */
  readonly chain: readonly number[];
  /** After each stage. */
  readonly stages: readonly SetTable[];
  /** Cost of all calls up to each stage, in USD, by query. */
  readonly spent: readonly Float64Array[];
  /** Of the step from each stage to the next. */
  readonly steps: readonly ValueStep[];
}

export type RuleType = StopRule['type'];

/**
 * The exact frontier of a one-parameter rule. Each stage gives a query a *stop score*: the parameter above which it goes on,
 * which is its confidence for `threshold`, and price ÷ gain for `value`. As the parameter rises from nothing, queries go on
 * from stage to stage, one score at a time. Scores rise with confidence, so the stages' orders are merged and nothing is sorted.
 * @param move is told each step of a query from one stage to another; all begin at stage 0. By positions.
 * @param point is told, once before any move and then after the moves of each score, the score up to which all have gone on
 *   (−∞ at first). Any parameter above it, up to the next point's, makes the same decisions.
 */
export function sweep(
  table: ChainTable,
  rule: RuleType,
  move: (position: number, from: number, to: number) => void,
  point: (score: number) => void,
): void {
  const last = table.stages.length - 1;
  const n = table.stages[0]!.confidence.length;
  const scores = table.steps.map((step, stage) => stopScores(table.stages[stage]!, step, rule));
  const standsAt = new Uint8Array(n);
  const next = new Int32Array(last);
  let begun = false;
  for (;;) {
    let lowest = Number.POSITIVE_INFINITY;
    for (let stage = 0; stage < last; stage++) {
      if (next[stage]! < n)
        lowest = Math.min(lowest, scores[stage]![table.stages[stage]!.order[next[stage]!]!]!);
    }
    // What has no evidence goes on whatever the parameter is: before the first point.
    if (!begun && lowest !== NO_EVIDENCE) {
      begun = true;
      point(Number.NEGATIVE_INFINITY);
    }
    // Where the next stage brings nothing, no parameter makes a query go on.
    if (lowest === Number.POSITIVE_INFINITY) return;
    let moved = false;
    for (let stage = 0; stage < last; stage++) {
      const { order } = table.stages[stage]!;
      const score = scores[stage]!;
      for (; next[stage]! < n && score[order[next[stage]!]!]! <= lowest; next[stage]!++) {
        const position = order[next[stage]!]!;
        // It has gone on already, or has not come here yet and will then go on at once.
        if (standsAt[position] !== stage) continue;
        let to = stage + 1;
        while (to < last && scores[to]![position]! <= lowest) to++;
        standsAt[position] = to;
        moved = true;
        move(position, stage, to);
      }
    }
    if (moved && begun) point(lowest);
  }
}

function stopScores({ score }: SetTable, { priceUsd, gain }: ValueStep, rule: RuleType): Float64Array {
  if (rule === 'threshold') return score;
  return score.map((at) => {
    if (at === NO_EVIDENCE) return NO_EVIDENCE;
    const brings = gainAt(gain, at);
    // Where nothing is gained, even a free stage is not called.
    return brings === 0 ? Number.POSITIVE_INFINITY : priceUsd / brings;
  });
}

/** The rule with a parameter between two neighbouring points of {@link sweep}, the second null after the last. */
export function ruleBetween(table: ChainTable, rule: RuleType, score: number, next: number | null): StopRule {
  const low = Math.max(0, score);
  if (rule === 'threshold') {
    return { type: 'threshold', threshold: score < 0 ? 0 : next === null ? (low + 1) / 2 : (low + next) / 2 };
  }
  // Free stages are called for any gain, if a right answer is worth anything at all.
  const lambdaUsd = score < 0 ? 0 : next !== null ? (low + next) / 2 : low === 0 ? 1 : 1.5 * low;
  return { type: 'value', lambdaUsd, steps: table.steps };
}
