import type pg from 'pg';
import { NOTHING, sumSpend, type Spend } from '../core/spend.ts';
import { stageWorth, type StageWorth } from '../core/stage-worth.ts';
import type { CostSource } from './attempts.ts';
import { auditedQueries, auditedReport, type AuditedReport } from './report/audited.ts';
import { baselineReports, type BaselineReport, type BookOf } from './report/baselines.ts';
import { dayReports, type DayReport } from './report/days.ts';
import { queryCounts, type QueryCounts } from './report/queries.ts';
import { PERIOD_RULE, type ReportRange } from './report/range.ts';
import { onSnapshot } from './report/snapshot.ts';
import { SPEND_CLASSES, spendParts, type SpendClass, type SpendPart } from './report/spend.ts';
import { stageReports, type StageReport } from './report/stages.ts';

export interface SpendReport {
  readonly attempts: number;
  readonly spend: Spend;
}

/** A task's stage with what it is worth by the book. */
export interface StageWorthReport extends StageReport {
  readonly worth: StageWorth;
}

/** What a task's queries came to. Money is in picodollars, as bounds. */
export interface TaskReport extends QueryCounts {
  /** The instant that the figures are of, by the database's clock. */
  readonly asOf: Date;
  /** Which queries the figures are about: the range that was asked for, and the rule in words. */
  readonly period: { readonly since: string | null; readonly until: string | null; readonly rule: string };
  readonly attempts: number;
  /** Attempts whose price is not known: their cost is in no sum, and leaves sums without an upper bound. */
  readonly withoutPrice: number;
  /** Attempts that leave sums without an upper bound, those without a price among them. */
  readonly unbounded: number;
  /** Of every attempt. */
  readonly total: Spend;
  /** Where the figures come from: every attempt has one source. */
  readonly byCostSource: Readonly<Record<CostSource, SpendReport>>;
  /**
   * Every attempt is in exactly one class: they sum to the total. Classes that do not occur are there with nothing. `open` and
   * `pending` may still move to another.
   */
  readonly byClass: Readonly<Record<SpendClass, SpendReport>>;
  /**
   * What was paid beside the answers: all but `accepted`, `fallback`, `audit`, `open` and `pending`. Summed over the other
   * classes rather than subtracted from the total, whose bounds would count the uncertainty of the served attempts too.
   */
  readonly paidTwice: Spend;
  /** Stages that were called, in order. */
  readonly stages: readonly StageWorthReport[];
  /** The spend by class once more, by UTC day. */
  readonly days: readonly DayReport[];
  /** Each model of the chain as what could have been called instead. */
  readonly baselines: readonly BaselineReport[];
  /** What audits tell of all that, where there are any. */
  readonly audited: AuditedReport | null;
}

const COST_SOURCES = [
  'provider',
  'catalogue',
  'estimate',
  'unknown',
] as const satisfies readonly CostSource[];

const PAID_ONCE: ReadonlySet<SpendClass> = new Set(['accepted', 'fallback', 'audit', 'open', 'pending']);

/** Whether a class is paid beside an answer: see {@link TaskReport.paidTwice}. */
export function isPaidTwice(spendClass: SpendClass): boolean {
  return !PAID_ONCE.has(spendClass);
}

/**
 * What each task's queries were, and what they cost, in one consistent snapshot of the report views.
 * @param range UTC days; an attempt counts with its query.
 * @param bookOf prices of the models that baselines are priced at; without it those that were not called have no bound.
 * @returns tasks with at least one query in the range, by name; empty where there is none.
 */
export async function taskReport(
  pool: pg.Pool,
  range: ReportRange = {},
  bookOf: BookOf = ({ price }) => (price === 'unknown' ? null : price),
): Promise<TaskReport[]> {
  return onSnapshot(pool, async (db, asOf) => {
    const counts = await queryCounts(db, range);
    const parts = await spendParts(db, range);
    const days = await dayReports(db, range);
    const stages = await stageReports(db, range);
    const baselines = await baselineReports(db, range, bookOf);
    const audits = await auditedQueries(db, range);
    return counts.map((count) => {
      const ofTask = <Row extends { readonly task: string }>(rows: readonly Row[]): Row[] =>
        rows.filter(({ task }) => task === count.task);
      const own = { stages: ofTask(stages), baselines: ofTask(baselines) };
      return {
        ...count,
        asOf,
        period: { since: range.since ?? null, until: range.until ?? null, rule: PERIOD_RULE },
        ...spendReport(parts.filter(({ task }) => task === count.task)),
        stages: own.stages.map((stage) => ({
          ...stage,
          worth: stageWorth(stage, sparedAt(stage, own.stages, own.baselines)),
        })),
        days: ofTask(days),
        baselines: own.baselines,
        audited: auditedReport(ofTask(audits), own.baselines, own.stages),
      };
    });
  });
}

function spendReport(
  parts: readonly SpendPart[],
): Pick<
  TaskReport,
  'attempts' | 'withoutPrice' | 'unbounded' | 'total' | 'byCostSource' | 'byClass' | 'paidTwice'
> {
  const count = (of: (part: SpendPart) => number, from = parts): number =>
    from.reduce((sum, part) => sum + of(part), 0);
  const spend = (from: readonly SpendPart[]): Spend => sumSpend(from.map((part) => part.spend));
  const split = <Key extends string>(keys: readonly Key[], keyOf: (part: SpendPart) => Key) =>
    Object.fromEntries(
      keys.map((key) => {
        const own = parts.filter((part) => keyOf(part) === key);
        return [key, { attempts: count((part) => part.attempts, own), spend: spend(own) }];
      }),
    ) as Record<Key, SpendReport>;
  return {
    attempts: count((part) => part.attempts),
    withoutPrice: count((part) => part.withoutPrice),
    unbounded: count((part) => part.unbounded),
    total: spend(parts),
    byCostSource: split(COST_SOURCES, (part) => part.costSource),
    byClass: split(SPEND_CLASSES, (part) => part.spendClass),
    paidTwice: spend(parts.filter(({ spendClass }) => isPaidTwice(spendClass))),
  };
}

/**
 * What the queries that ended at a stage were spared, as bounds. It can be had where one stage comes after it and no query
 * can have ended elsewhere: in a chain of two, from the last model as a baseline. Null elsewhere.
 */
function sparedAt(
  stage: StageReport,
  stages: readonly StageReport[],
  baselines: readonly BaselineReport[],
): Spend | null {
  const last = baselines.find(({ lastStage }) => lastStage);
  const chainOfTwo = baselines.length === 2 && stages.length <= 2 && stage.stage === 0;
  if (!chainOfTwo || last === undefined || last.model === stage.model) return null;
  if (stage.endedHere === 0) return NOTHING;
  // A query without a usable response has no bound from above.
  return last.leftOut === 0 ? last.notCalledBaseline : { low: last.notCalledBaseline.low, high: null };
}
