import type { StopRule } from '../core/stop-rule.ts';
import { ruleBetween, sweep, type ChainTable, type RuleType } from './frontier.ts';

/** A policy as the selection data shows it. */
export interface Candidate {
  readonly table: ChainTable;
  readonly rule: RuleType;
  /** Its place on the frontier of its chain and rule: see `sweep`. */
  readonly score: number;
  /** Estimated share of right answers: see {@link LABEL_SHARE}. */
  readonly accuracy: number;
  /** Mean over queries, and its one-sided 80% upper bound. */
  readonly costUsd: number;
  readonly costBoundUsd: number;
}

/**
 * The weight of labels in the estimate of accuracy; the rest is the confidence that an answer is served with, which was
 * calibrated on other queries and varies far less from sample to sample: so luck chooses less.
 */
export const LABEL_SHARE = 0.5;
/** One-sided 80% of the normal distribution. */
const Z80 = 0.8416;

/** What a search may choose from. */
export interface Constraint {
  /** On the upper bound of the mean cost; Infinity for none. */
  readonly budgetUsd: number;
}

export interface Found {
  readonly pick: Candidate;
  /** The most accurate within the budget, which the pick is within one paired standard error of. */
  readonly best: Candidate;
}

/**
 * For each constraint the cheapest policy within one paired standard error of the most accurate one that meets it: what a
 * sample cannot tell apart is not worth money (the one-standard-error rule; Breiman, Friedman, Olshen, Stone 1984).
 * @returns null for a constraint that no policy meets; and how many policies were compared.
 */
export function search(
  tables: readonly ChainTable[],
  rules: readonly RuleType[],
  constraints: readonly Constraint[],
  labelShare = LABEL_SHARE,
): { found: (Found | null)[]; compared: number } {
  const best = constraints.map((): Candidate | null => null);
  const compared = eachPolicy(tables, rules, labelShare, [], (policy) => {
    for (const [at, { budgetUsd }] of constraints.entries()) {
      if (policy.costBoundUsd > budgetUsd) continue;
      const before = best[at];
      if (before == null || moreAccurate(policy, before)) best[at] = { ...policy };
    }
  });
  const picks = [...best];
  const references = best.map((policy) => (policy === null ? null : valuesOf(policy, labelShare)));
  eachPolicy(tables, rules, labelShare, references, (policy, differences) => {
    for (const [at, { budgetUsd }] of constraints.entries()) {
      const before = picks[at];
      if (before == null || policy.costBoundUsd > budgetUsd || policy.costUsd >= before.costUsd) continue;
      const { mean, standardError } = differences[at]!;
      if (mean >= -standardError) picks[at] = { ...policy };
    }
  });
  return { found: picks.map((pick, at) => (pick === null ? null : { pick, best: best[at]! })), compared };
}

function moreAccurate(a: Candidate, b: Candidate): boolean {
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.costUsd < b.costUsd);
}

interface Difference {
  readonly mean: number;
  readonly standardError: number;
}

/**
 * Every policy of these chains and rules, with its paired difference to each reference (values by position).
 * @returns how many there were. The object that `see` gets is used again: copy what is to be kept.
 */
function eachPolicy(
  tables: readonly ChainTable[],
  rules: readonly RuleType[],
  labelShare: number,
  references: readonly (Float64Array | null)[],
  see: (policy: Candidate, differences: readonly Difference[]) => void,
): number {
  let count = 0;
  for (const table of tables) {
    const n = table.spent[0]!.length;
    // A single model has nothing to stop.
    for (const rule of table.chain.length === 1 ? rules.slice(0, 1) : rules) {
      let value = 0;
      let cost = 0;
      let costSquares = 0;
      const sums = new Float64Array(references.length);
      const squares = new Float64Array(references.length);
      const add = (position: number, stage: number, sign: number): void => {
        const own = valueAt(table, position, stage, labelShare);
        const spent = table.spent[stage]![position]!;
        value += sign * own;
        cost += sign * spent;
        costSquares += sign * spent * spent;
        for (let r = 0; r < references.length; r++) {
          const difference = own - (references[r]?.[position] ?? 0);
          sums[r]! += sign * difference;
          squares[r]! += sign * difference * difference;
        }
      };
      for (let position = 0; position < n; position++) add(position, 0, 1);
      sweep(
        table,
        rule,
        (position, from, to) => {
          add(position, from, -1);
          add(position, to, 1);
        },
        (score) => {
          count++;
          const costUsd = cost / n;
          const costBoundUsd = costUsd + Z80 * standardError(cost, costSquares, n);
          const differences = references.map((_, r) => ({
            mean: sums[r]! / n,
            standardError: standardError(sums[r]!, squares[r]!, n),
          }));
          see({ table, rule, score, accuracy: value / n, costUsd, costBoundUsd }, differences);
        },
      );
    }
  }
  return count;
}

function valueAt({ stages }: ChainTable, position: number, stage: number, labelShare: number): number {
  const { right, confidence } = stages[stage]!;
  return labelShare * right[position]! + (1 - labelShare) * confidence[position]!;
}

function standardError(sum: number, squares: number, n: number): number {
  return n < 2 ? Number.POSITIVE_INFINITY : Math.sqrt(Math.max(0, squares - (sum * sum) / n) / (n - 1) / n);
}

/** The stage at which each query stops, by position. */
export function stopsOf({ table, rule, score }: Pick<Candidate, 'table' | 'rule' | 'score'>): Uint8Array {
  const stops = new Uint8Array(table.spent[0]!.length);
  let reached = false;
  sweep(
    table,
    rule,
    (position, _from, to) => {
      if (!reached) stops[position] = to;
    },
    (at) => {
      reached ||= at >= score;
    },
  );
  return stops;
}

function valuesOf(policy: Candidate, labelShare: number): Float64Array {
  return Float64Array.from(stopsOf(policy), (stage, position) =>
    valueAt(policy.table, position, stage, labelShare),
  );
}

/** The rule with a parameter in the middle between its place on the frontier and the next. */
export function ruleOf({ table, rule, score }: Candidate): StopRule {
  let next: number | null = null;
  sweep(
    table,
    rule,
    () => undefined,
    (at) => {
      if (at > score) next ??= at;
    },
  );
  return ruleBetween(table, rule, score, next);
}
