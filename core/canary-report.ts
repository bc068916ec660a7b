import type { Outcome } from './cascade.ts';
import { meanBounds, meanDifferenceBounds, type Bounds } from './confidence-sequence.ts';
import { formatUsd, type Picodollars } from './money.ts';
import { sumSpend, type Spend } from './spend.ts';

/** When which versions shared a task's new queries. */
export interface CanaryPeriod {
  readonly task: string;
  readonly currentVersion: number;
  readonly canaryVersion: number;
  /** Of new queries, between 0 and 1. */
  readonly share: number;
  readonly since: Date;
  /** Null while it runs. */
  readonly until: Date | null;
}

/** A query that started while a canary ran. */
export interface CanaryQuery {
  /** Whether it took the canary. */
  readonly canary: boolean;
  /** Null while it runs. */
  readonly outcome: Outcome | null;
  /** Of all its attempts. */
  readonly cost: Spend;
  /** Whether it called more than the first stage. */
  readonly escalated: boolean;
  /** By the newest label of its served answer; null where it has none. */
  readonly correct: boolean | null;
  /** When that answer was first labelled. */
  readonly labelledAt: Date | null;
}

/** What the queries of one version came to. */
export interface CanaryArm {
  readonly queries: number;
  readonly running: number;
  /** Of those that have ended. */
  readonly byOutcome: Readonly<Partial<Record<Outcome, number>>>;
  /** Of those that have ended, and all their attempts. */
  readonly spend: Spend;
  /** Ended queries that called more than the first stage. */
  readonly escalated: number;
  readonly labelled: number;
  readonly correct: number;
}

/** A difference canary − current: it lies within the bounds, however often and whenever one looks, with the confidence. */
export interface CanaryDifference extends Bounds {
  /** Queries that it is known from. */
  readonly current: number;
  readonly canary: number;
}

export interface CanaryReport {
  readonly current: CanaryArm;
  readonly canary: CanaryArm;
  /** Of both differences, each by itself, in (0, 1). */
  readonly confidence: number;
  /** In USD per query, each query counted with at most {@link costCapUsd}; null where there is no such cap. */
  readonly costDifference: CanaryDifference | null;
  readonly costCapUsd: number | null;
  /** Ended queries that cost, or may have cost, more than the cap. */
  readonly cutAtCap: number;
  /** In accuracy of labelled answers, as a share; null while an arm has no labelled answer. */
  readonly accuracyDifference: CanaryDifference | null;
}

/** Chance that a difference ever lies outside its bounds. */
const DELTA = 0.05;

/**
 * Compares the arms of a canary. Bounds that hold at any time need values in an order that does not depend on them, and of
 * which a later look sees only more. So costs stand in the order in which queries started, up to the first that still
 * runs (a dear query takes longer: by its end, the cheap ones would come first), and labels in the order in which they came,
 * which is taken not to depend on which arm is right.
 * @param queries in the order in which they started.
 * @param costCap a bound on what a query counts with that was known before the canary began; null for none.
 */
export function compareArms(queries: readonly CanaryQuery[], costCap: Picodollars | null): CanaryReport {
  const stillRuns = queries.findIndex(({ outcome }) => outcome === null);
  const settled = stillRuns === -1 ? queries : queries.slice(0, stillRuns);
  return {
    current: armOf(queries.filter(({ canary }) => !canary)),
    canary: armOf(queries.filter(({ canary }) => canary)),
    confidence: 1 - DELTA,
    costDifference: costCap === null ? null : costDifference(settled, costCap),
    costCapUsd: costCap === null ? null : dollars(costCap),
    cutAtCap: costCap === null ? 0 : queries.filter((query) => isCut(query, costCap)).length,
    accuracyDifference: accuracyDifference(queries),
  };
}

function armOf(queries: readonly CanaryQuery[]): CanaryArm {
  const ended = queries.filter(({ outcome }) => outcome !== null);
  const byOutcome: Partial<Record<Outcome, number>> = {};
  for (const { outcome } of ended) if (outcome !== null) byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1;
  const labelled = queries.filter(({ correct }) => correct !== null);
  return {
    queries: queries.length,
    running: queries.length - ended.length,
    byOutcome,
    spend: sumSpend(ended.map(({ cost }) => cost)),
    escalated: ended.filter(({ escalated }) => escalated).length,
    labelled: labelled.length,
    correct: labelled.filter(({ correct }) => correct).length,
  };
}

function isCut({ outcome, cost }: CanaryQuery, cap: Picodollars): boolean {
  return outcome !== null && (cost.high === null || cost.high > cap);
}

/**
 * Of costs that are known as bounds. The mean of the lower bounds is below the mean cost and that of the upper ones above
 * it: each end of the difference takes the ends of the two arms that it needs, four in all, each wrong with a chance of
 * {@link DELTA} / 4.
 */
function costDifference(queries: readonly CanaryQuery[], cap: Picodollars): CanaryDifference {
  const range = { low: 0, high: dollars(cap) };
  const cut = (amount: Picodollars | null): number => dollars(amount === null || amount > cap ? cap : amount);
  const bounds = (own: readonly CanaryQuery[]): Bounds => ({
    low: meanBounds(
      own.map(({ cost }) => cut(cost.low)),
      DELTA / 2,
      range,
    ).low,
    high: meanBounds(
      own.map(({ cost }) => cut(cost.high)),
      DELTA / 2,
      range,
    ).high,
  });
  const [current, canary] = armsOf(queries);
  const [held, treated] = [bounds(current), bounds(canary)];
  return {
    low: treated.low - held.high,
    high: treated.high - held.low,
    current: current.length,
    canary: canary.length,
  };
}

function accuracyDifference(queries: readonly CanaryQuery[]): CanaryDifference | null {
  const labelled = queries
    .filter(({ labelledAt }) => labelledAt !== null)
    .sort((a, b) => Number(a.labelledAt) - Number(b.labelledAt));
  const [current, canary] = armsOf(labelled);
  if (current.length === 0 || canary.length === 0) return null;
  const right = (own: readonly CanaryQuery[]): number[] => own.map(({ correct }) => (correct ? 1 : 0));
  return {
    ...meanDifferenceBounds(right(canary), right(current), DELTA),
    current: current.length,
    canary: canary.length,
  };
}

function armsOf(queries: readonly CanaryQuery[]): [current: CanaryQuery[], canary: CanaryQuery[]] {
  return [queries.filter(({ canary }) => !canary), queries.filter(({ canary }) => canary)];
}

/** For statistics only: amounts themselves stay exact. */
function dollars(amount: Picodollars): number {
  return Number(formatUsd(amount));
}
