import type pg from 'pg';
import { NOTHING, sumSpend, type Spend } from '../core/spend.ts';
import { queryCounts, type QueryCounts } from './report/query-counts.ts';
import type { ReportRange } from './report/range.ts';
import { onSnapshot } from './report/snapshot.ts';
import { SPEND_CLASSES, spendByClass, type SpendClass, type SpendOfClass } from './report/spend-by-class.ts';
import { stageReports, type StageReport } from './report/stages.ts';

export interface ClassReport {
  readonly attempts: number;
  readonly spend: Spend;
}

/** What a task's queries came to. Money is in picodollars, as bounds. */
export interface TaskReport extends QueryCounts {
  /** The instant that the figures are of, by the database's clock. */
  readonly asOf: Date;
  readonly attempts: number;
  /** Attempts whose price is not known: their cost is in no sum, and leaves sums without an upper bound. */
  readonly withoutPrice: number;
  /** Attempts that leave sums without an upper bound, those without a price among them. */
  readonly unbounded: number;
  /** Of every attempt. */
  readonly total: Spend;
  /** Every attempt is in exactly one class: they sum to the total. Classes that do not occur are there with nothing. */
  readonly byClass: Readonly<Record<SpendClass, ClassReport>>;
  /**
   * What was paid beside the answers: all but `accepted`, `fallback`, `audit`, `open` and `pending`. Summed over the other
   * classes rather than subtracted from the total, whose bounds would count the uncertainty of the served attempts too.
   */
  readonly paidTwice: Spend;
  /** Stages that were called, in order. */
  readonly stages: readonly StageReport[];
}

const PAID_ONCE: ReadonlySet<SpendClass> = new Set(['accepted', 'fallback', 'audit', 'open', 'pending']);

/**
 * What each task's queries were, and what they cost, in one consistent snapshot.
 * @param range queries by the time they started (`since` inclusive, `until` exclusive); an attempt counts with its query.
 * @returns tasks with at least one query in the range, by name; empty where there is none.
 */
export async function taskReport(pool: pg.Pool, range: ReportRange = {}): Promise<TaskReport[]> {
  return onSnapshot(pool, async (db, asOf) => {
    const counts = await queryCounts(db, range);
    const classes = await spendByClass(db, range);
    const stages = await stageReports(db, range);
    return counts.map((count) => {
      const own = classes.filter(({ task }) => task === count.task);
      return {
        ...count,
        asOf,
        ...spendReport(own),
        stages: stages.filter(({ task }) => task === count.task).map(withoutTask),
      };
    });
  });
}

function spendReport(
  classes: readonly SpendOfClass[],
): Pick<TaskReport, 'attempts' | 'withoutPrice' | 'unbounded' | 'total' | 'byClass' | 'paidTwice'> {
  const count = (of: (part: SpendOfClass) => number): number =>
    classes.reduce((sum, part) => sum + of(part), 0);
  const byClass = Object.fromEntries(
    SPEND_CLASSES.map((spendClass): [SpendClass, ClassReport] => {
      const part = classes.find((candidate) => candidate.spendClass === spendClass);
      return [spendClass, { attempts: part?.attempts ?? 0, spend: part?.spend ?? NOTHING }];
    }),
  ) as Record<SpendClass, ClassReport>;
  return {
    attempts: count((part) => part.attempts),
    withoutPrice: count((part) => part.withoutPrice),
    unbounded: count((part) => part.unbounded),
    total: sumSpend(classes.map((part) => part.spend)),
    byClass,
    paidTwice: sumSpend(classes.filter((part) => !PAID_ONCE.has(part.spendClass)).map((part) => part.spend)),
  };
}

function withoutTask({ stage, model, reached, stopped, serveSpend }: StageReport): StageReport {
  return { stage, model, reached, stopped, serveSpend };
}
