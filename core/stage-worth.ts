import { addSpend, type Spend } from './spend.ts';

/** What queries did at a stage. Spend is of all those queries together, as bounds. */
export interface StageFigures {
  /** Queries that made a serve attempt here, ended or running. */
  readonly reached: number;
  /** Of `endedHere`, those that the stop rule stopped. */
  readonly stopped: number;
  /** Ended queries that made no serve attempt at a later stage, whatever they ended with. */
  readonly endedHere: number;
  /** Ended queries that did. */
  readonly wentOn: number;
  /** Serve attempts here: retries, failures and orphans too. */
  readonly serve: Spend;
  /** Judges of this stage. */
  readonly scoring: Spend;
  /** What the queries that went on spent at later stages, scoring included. */
  readonly toGo: Spend;
}

/** A figure as bounds; `high` is null where nothing bounds it. */
export interface Interval {
  readonly low: number;
  readonly high: number | null;
}

export interface StageWorth {
  /** Share of the ended queries here that the stop rule stopped, in [0, 1]; null where none has ended. */
  readonly stopped: number | null;
  /** The share from which the stage pays for its call: c / D. Above 1 it never can. Null where D is not known. */
  readonly breakEven: Interval | null;
  /** The same with its scoring: (c + s) / D. */
  readonly breakEvenWithScoring: Interval | null;
  /** What D is made of. `went-on`: only the queries that went on, a biased estimate. `all`: bounds for all. */
  readonly basis: 'went-on' | 'all' | 'none';
  readonly verdict: 'above' | 'below' | 'cannot-tell';
}

/**
 * Whether a stage earns its price by itself. It costs c for its call and s for its scoring per query that reaches it, and
 * spares those that stop there what they would have spent after it, D on average: a query saves in expectation a·D − c − s,
 * so the stage pays by itself from a* = (c + s) / D. With two stages and no scorer, a* = c₁ / c₂. That is the book's view: it
 * counts no vote that the stage gives later stages.
 *
 * D is not observed for the queries that stopped. Those that went on are dearer, so their mean overstates D and understates
 * a*: a share below that estimate is below break-even, a share above it may be either. Where what the stopped ones would
 * have spent is known as bounds (`spared`), D is bounded and the verdict follows from the bounds alone.
 *
 * @param spared what the queries in `endedHere` would have spent at later stages, as bounds; null where not known.
 */
export function stageWorth(figures: StageFigures, spared: Spend | null): StageWorth {
  const ended = figures.endedHere + figures.wentOn;
  const stopped = ended === 0 ? null : figures.stopped / ended;
  const call = perQuery(figures.serve, figures.reached);
  const both = perQuery(addSpend(figures.serve, figures.scoring), figures.reached);
  const basis = spared !== null && ended > 0 ? 'all' : figures.wentOn > 0 ? 'went-on' : 'none';
  if (basis === 'none' || call === null || both === null) {
    return { stopped, breakEven: null, breakEvenWithScoring: null, basis: 'none', verdict: 'cannot-tell' };
  }
  const toGo =
    spared !== null && basis === 'all'
      ? perQuery(addSpend(figures.toGo, spared), ended)
      : perQuery(figures.toGo, figures.wentOn);
  const breakEvenWithScoring = ratio(both, toGo);
  return {
    stopped,
    breakEven: ratio(call, toGo),
    breakEvenWithScoring,
    basis,
    verdict: verdictOf(stopped, breakEvenWithScoring, basis),
  };
}

function verdictOf(
  stopped: number | null,
  breakEven: Interval | null,
  basis: StageWorth['basis'],
): StageWorth['verdict'] {
  if (stopped === null || breakEven === null) return 'cannot-tell';
  if (stopped < breakEven.low) return 'below';
  const above = basis === 'all' && breakEven.high !== null && stopped >= breakEven.high;
  return above ? 'above' : 'cannot-tell';
}

function perQuery({ low, high }: Spend, queries: number): Interval | null {
  if (queries === 0) return null;
  return { low: Number(low) / queries, high: high === null ? null : Number(high) / queries };
}

/** Bounds of a quotient; null where the divisor may be nothing and is not above it. */
function ratio(over: Interval, under: Interval | null): Interval | null {
  if (under === null || under.high === 0) return null;
  return {
    low: under.high === null ? 0 : over.low / under.high,
    high: over.high === null || under.low === 0 ? null : over.high / under.low,
  };
}
