import { expectedPrice, gainAt, type StopRule, type ValueStep } from '../core/stop-rule.ts';
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
  readonly steps: readonly StepTable[];
}

/** The step from one stage to the next, with its stop scores: see {@link sweep}. Chains that begin alike share it. */
export interface StepTable {
  readonly step: ValueStep;
  /** Of the rule `value`, by position: price ÷ gain. */
  readonly score: Float64Array;
  /** Positions by rising score. */
  readonly order: Int32Array;
}

/** @param before the stage that the step leaves. @param spent up to there, in USD by position. */
export function stepTable(before: SetTable, spent: Float64Array, step: ValueStep): StepTable {
  const score = before.score.map((confidence, at) => {
    if (confidence === NO_EVIDENCE) return NO_EVIDENCE;
    const brings = gainAt(step.gain, confidence);
    // Where nothing is gained, even a free stage is not called.
    return brings === 0 ? Number.POSITIVE_INFINITY : expectedPrice(step, spent[at]!) / brings;
  });
  const order = Int32Array.from(score, (_, at) => at).sort((a, b) => byScore(score[a]!, score[b]!));
  return { step, score, order };
}

/** Two that never go on are equal: their difference is not a number. */
function byScore(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

export type RuleType = StopRule['type'];

/**
 * The exact frontier of a one-parameter rule. Each stage gives a query a *stop score*: the parameter above which it goes on,
 * which is its confidence for `threshold`, and price ÷ gain for `value`. As the parameter rises from nothing, queries go on
 * from stage to stage, one score at a time. Each stage has its queries by rising score, so these orders are merged and nothing
 * is sorted here.
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
  const ranked = rule === 'threshold' ? table.stages : table.steps;
  const standsAt = new Uint8Array(n);
  const next = new Int32Array(last);
  let begun = false;
  for (;;) {
    let lowest = Number.POSITIVE_INFINITY;
    for (let stage = 0; stage < last; stage++) {
      const { score, order } = ranked[stage]!;
      if (next[stage]! < n) lowest = Math.min(lowest, score[order[next[stage]!]!]!);
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
      const { score, order } = ranked[stage]!;
      for (; next[stage]! < n && score[order[next[stage]!]!]! <= lowest; next[stage]!++) {
        const position = order[next[stage]!]!;
        // It has gone on already, or has not come here yet and will then go on at once.
        if (standsAt[position] !== stage) continue;
        let to = stage + 1;
        while (to < last && ranked[to]!.score[position]! <= lowest) to++;
        standsAt[position] = to;
        moved = true;
        move(position, stage, to);
      }
    }
    if (moved && begun) point(lowest);
  }
}

/** The rule with a parameter between two neighbouring points of {@link sweep}, the second null after the last. */
export function ruleBetween(table: ChainTable, rule: RuleType, score: number, next: number | null): StopRule {
  const low = Math.max(0, score);
  if (rule === 'threshold') {
    return { type: 'threshold', threshold: score < 0 ? 0 : next === null ? (low + 1) / 2 : (low + next) / 2 };
  }
  // Free stages are called for any gain, if a right answer is worth anything at all.
  const lambdaUsd = score < 0 ? 0 : next !== null ? (low + next) / 2 : low === 0 ? 1 : 1.5 * low;
  return { type: 'value', lambdaUsd, steps: table.steps.map(({ step }) => step) };
}
