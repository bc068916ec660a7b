import {
  auditedAccuracy,
  auditedBaseline,
  auditedWorth,
  type AuditedQuery,
} from '../../core/audited-report.ts';
import type { Picodollars } from '../../core/money.ts';
import { exactly, NOTHING } from '../../core/spend.ts';
import type { StageFigures } from '../../core/stage-worth.ts';
import { uniformOf } from '../../learning/random.ts';
import type { KnownQuery } from './known-queries.ts';

/** Accuracy, accuracy less the last stage's, saved against that (a share of its cost), break-even of the stage before it. */
export const FIGURES = ['accuracy', 'gain', 'savings', 'breakEven'] as const;
type Figures<Value> = Readonly<Record<(typeof FIGURES)[number], Value>>;

interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Coverage {
  /** Resamples whose interval holds the truth. */
  readonly covered: Figures<number>;
  /** Resamples with too few audits for every interval. */
  readonly none: number;
}

export interface AuditDraws {
  /** The last one of the chain. */
  readonly model: string;
  /** Chance of an audit, in (0, 1]. */
  readonly share: number;
  /** The traffic is the recorded queries so many times over: 1% of a small set is too little to estimate anything from. */
  readonly times: number;
  readonly resamples: number;
  readonly seed: number;
}

/**
 * How often the intervals of the ledger's report, made from audits, hold what is true of all queries; whether a query is audited is
 * drawn anew in each resample.
 */
export function auditCoverage(queries: readonly KnownQuery[], draws: AuditDraws): Coverage {
  const { model, share, times, resamples, seed } = draws;
  const traffic = Array.from({ length: times }, () => queries).flat();
  const truth = truthOf(traffic);
  const next = uniformOf(seed);
  const covered = { accuracy: 0, gain: 0, savings: 0, breakEven: 0 };
  let none = 0;
  for (let resample = 0; resample < resamples; resample++) {
    const audits = traffic
      .filter(() => next() < share)
      .map(({ audit }): AuditedQuery => ({ ...audit, inclusion: share }));
    const intervals = intervalsOf(traffic, audits, model);
    if (intervals === null) none++;
    else for (const figure of FIGURES) covered[figure] += Number(holds(intervals[figure], truth[figure]));
  }
  return { covered, none };
}

function truthOf(traffic: readonly KnownQuery[]): Figures<number> {
  const share = (of: (query: KnownQuery) => boolean): number => traffic.filter(of).length / traffic.length;
  const accuracy = share(({ audit }) => audit.servedCorrect);
  const reached = traffic.filter(({ stage }) => stage !== null);
  return {
    accuracy,
    gain: accuracy - share(({ audit }) => audit.baselineCorrect),
    savings: 1 - total(traffic, ({ paid }) => paid) / total(traffic, ({ last }) => last),
    breakEven: total(reached, ({ stage }) => stage ?? 0n) / total(reached, ({ last }) => last),
  };
}

/** As the report has them; null where one of them has too few audits. */
function intervalsOf(
  traffic: readonly KnownQuery[],
  audits: readonly AuditedQuery[],
  model: string,
): Figures<Interval> | null {
  const wentOn = traffic.filter(({ audit }) => audit.endedAt === audit.lastStage);
  const others = traffic.filter(({ audit }) => audit.endedAt < audit.lastStage);
  const own = exactly(sum(wentOn, ({ last }) => last));
  const inputTokens = others.reduce((tokens, { audit }) => tokens + audit.inputTokens, 0);
  const accuracy = auditedAccuracy(audits);
  const baseline = auditedBaseline(audits, model, own, inputTokens);
  const beforeLast = (traffic[0]?.audit.lastStage ?? 0) - 1;
  const worth = auditedWorth(audits, beforeLast, figuresOf(traffic, wentOn, beforeLast));
  if (accuracy?.gain == null || baseline?.high == null || worth?.interval.high == null) return null;
  const saved = (cost: Picodollars): number => 1 - total(traffic, ({ paid }) => paid) / Number(cost);
  return {
    accuracy: accuracy.served,
    gain: accuracy.gain,
    savings: { low: saved(baseline.low), high: saved(baseline.high) },
    breakEven: { low: worth.interval.low, high: worth.interval.high },
  };
}

function figuresOf(
  traffic: readonly KnownQuery[],
  wentOn: readonly KnownQuery[],
  stage: number,
): StageFigures {
  const endedHere = traffic.filter(({ audit }) => audit.endedAt === stage).length;
  return {
    reached: endedHere + wentOn.length,
    stopped: endedHere,
    endedHere,
    wentOn: wentOn.length,
    serve: exactly(sum(traffic, (query) => query.stage ?? 0n)),
    scoring: NOTHING,
    toGo: exactly(sum(wentOn, ({ last }) => last)),
  };
}

function holds({ low, high }: Interval, truth: number): boolean {
  return low <= truth && truth <= high;
}

function sum(queries: readonly KnownQuery[], of: (query: KnownQuery) => Picodollars): Picodollars {
  return queries.reduce((all, query) => all + of(query), 0n);
}

function total(queries: readonly KnownQuery[], of: (query: KnownQuery) => Picodollars): number {
  return Number(sum(queries, of));
}
