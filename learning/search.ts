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
  /** Mean over queries. */
  readonly costUsd: number;
}

/**
 * The weight of labels in the estimate of accuracy; the rest is the confidence that an answer is served with, which was
 * calibrated on other queries and varies far less from sample to sample: so luck chooses less.
 */
const LABEL_SHARE = 0.2;
/** The families that are searched: one parameter each. A threshold for each stage was tried and overfits. */
export const RULES: readonly RuleType[] = ['threshold', 'value'];
/** One-sided 80% of the normal distribution. */
const Z80 = 0.8416;

/**
 * What a search may choose from: policies whose mean cost is at most `share` of the mean cost of `reference` (by position, in
 * USD), with a confidence of 80%: the one-sided upper bound of mean(cost − share · reference) is at most 0. Both are paid for
 * the same queries, so what makes a query dear for all is in both and cancels. Infinity: no limit.
 */
export interface Budget {
  readonly share: number;
  readonly reference: Float64Array;
}

export interface Found {
  readonly pick: Candidate;
  /** The most accurate within the budget, which the pick is within one paired standard error of. */
  readonly best: Candidate;
}

/**
 * For each budget the cheapest policy within one paired standard error of the most accurate one that meets it: what a
 * sample cannot tell apart is not worth money (the one-standard-error rule; Breiman, Friedman, Olshen, Stone 1984). As there,
 * along one path: the policies of the best one's chain, which differ on few queries. Thousands of other chains lie within
 * one standard error, too, and the cheapest of them is there by luck.
 * @returns null for a budget that no policy meets; and how many policies were compared.
 */
export function search(
  tables: readonly ChainTable[],
  budgets: readonly Budget[],
): { found: (Found | null)[]; compared: number } {
  const best = budgets.map((): Candidate | null => null);
  const compared = eachPolicy(tables, budgets, [], (policy, isWithin) => {
    for (const at of budgets.keys()) {
      if (!isWithin(at)) continue;
      const before = best[at];
      if (before == null || moreAccurate(policy, before)) best[at] = { ...policy };
    }
  });
  const picks = [...best];
  const references = best.map((policy) => (policy === null ? null : valuesOf(policy)));
  const chains = new Set(best.flatMap((policy) => (policy === null ? [] : [policy.table])));
  eachPolicy([...chains], budgets, references, (policy, isWithin, isAsGood) => {
    for (const at of budgets.keys()) {
      const before = picks[at];
      if (before == null || policy.table !== before.table) continue;
      if (policy.costUsd < before.costUsd && isWithin(at) && isAsGood(at)) picks[at] = { ...policy };
    }
  });
  return { found: picks.map((pick, at) => (pick === null ? null : { pick, best: best[at]! })), compared };
}

/**
 * The cheapest policy that is as accurate as a target on the same queries (values by position), with a confidence of 80%: the
 * one-sided lower bound of mean(value − target) is at least 0. "The cheapest that looks as good" overfits: with hundreds of
 * labels some chain always does.
 */
export function searchTarget(
  tables: readonly ChainTable[],
  target: Float64Array,
): { found: (Found | null)[]; compared: number } {
  const picks: Candidate[] = [];
  const compared = eachPolicy(tables, [], [target], (policy, _isWithin, _isAsGood, isBetter) => {
    const cheapest = picks[0]?.costUsd ?? Number.POSITIVE_INFINITY;
    if (policy.costUsd < cheapest && isBetter(0)) picks[0] = { ...policy };
  });
  const [pick] = picks;
  return { found: [pick === undefined ? null : { pick, best: pick }], compared };
}

/** Of all policies those that none is both cheaper and more accurate than, one for each step of 5% in cost; cheapest first. */
export function frontierOf(tables: readonly ChainTable[]): Candidate[] {
  const means = tables.flatMap(({ spent }) =>
    spent.map((costs) => costs.reduce((sum, cost) => sum + cost, 0) / costs.length),
  );
  // Of models that cost nothing no other cost is a multiple: what they alone serve is a step of its own, below all others.
  const cheapest = Math.min(...means.filter((cost) => cost > 0));
  const best = new Map<number, Candidate>();
  eachPolicy(tables, [], [], (policy) => {
    const step = Math.floor(Math.log(policy.costUsd / cheapest) / Math.log(1.05));
    const before = best.get(step);
    if (before === undefined || moreAccurate(policy, before)) best.set(step, { ...policy });
  });
  const ascending = [...best.values()].sort((a, b) => a.costUsd - b.costUsd);
  return ascending.filter((policy, at) =>
    ascending.slice(0, at).every((cheaper) => cheaper.accuracy < policy.accuracy),
  );
}

function moreAccurate(a: Candidate, b: Candidate): boolean {
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.costUsd < b.costUsd);
}

/**
 * Every policy of these chains and rules.
 * @param see is told whether a policy is within a budget, and whether it is within one paired standard error of a reference
 *   (values by position), by their places in the lists. The policy's object is used again: copy what is to be kept.
 * @returns how many policies there were.
 */
function eachPolicy(
  tables: readonly ChainTable[],
  budgets: readonly Budget[],
  references: readonly (Float64Array | null)[],
  see: (
    policy: Candidate,
    isWithin: (budget: number) => boolean,
    isAsGood: (reference: number) => boolean,
    isBetter: (reference: number) => boolean,
  ) => void,
): number {
  let count = 0;
  for (const table of tables) {
    const n = table.spent[0]!.length;
    // A single model has nothing to stop.
    for (const rule of table.chain.length === 1 ? RULES.slice(0, 1) : RULES) {
      let value = 0;
      let cost = 0;
      const over = budgets.map(() => new Moments(n));
      const gained = references.map(() => new Moments(n));
      const add = (position: number, stage: number, sign: number): void => {
        const own = valueAt(table, position, stage);
        const spent = table.spent[stage]![position]!;
        value += sign * own;
        cost += sign * spent;
        for (let b = 0; b < budgets.length; b++) {
          const { share, reference } = budgets[b]!;
          if (share !== Number.POSITIVE_INFINITY) over[b]!.add(spent - share * reference[position]!, sign);
        }
        for (let r = 0; r < references.length; r++)
          gained[r]!.add(own - (references[r]?.[position] ?? 0), sign);
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
          see(
            { table, rule, score, accuracy: value / n, costUsd: cost / n },
            (budget) => over[budget]!.mean + Z80 * over[budget]!.standardError <= 0,
            (reference) => gained[reference]!.mean >= -gained[reference]!.standardError,
            (reference) => gained[reference]!.mean >= Z80 * gained[reference]!.standardError,
          );
        },
      );
    }
  }
  return count;
}

/** Mean and standard error of values that are taken out and put in. */
class Moments {
  private sum = 0;
  private squares = 0;
  private readonly n: number;

  constructor(n: number) {
    this.n = n;
  }

  add(value: number, sign: number): void {
    this.sum += sign * value;
    this.squares += sign * value * value;
  }

  get mean(): number {
    return this.sum / this.n;
  }

  get standardError(): number {
    const { n, sum, squares } = this;
    return n < 2 ? 0 : Math.sqrt(Math.max(0, squares - (sum * sum) / n) / (n - 1) / n);
  }
}

/** What serving a query at a stage is estimated to be worth, in right answers: see {@link LABEL_SHARE}. */
export function valueAt({ stages }: ChainTable, position: number, stage: number): number {
  const { right, confidence } = stages[stage]!;
  return LABEL_SHARE * right[position]! + (1 - LABEL_SHARE) * confidence[position]!;
}

/** The stage at which each query stops, by position. */
function stopsOf({ table, rule, score }: Pick<Candidate, 'table' | 'rule' | 'score'>): Uint8Array {
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

function valuesOf(policy: Candidate): Float64Array {
  return Float64Array.from(stopsOf(policy), (stage, position) => valueAt(policy.table, position, stage));
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
