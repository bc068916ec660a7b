import { baselineBounds } from '../../core/baseline.ts';
import type { PolicyModel } from '../../core/policy.ts';
import type { Price } from '../../core/price.ts';
import { addSpend, NOTHING, type Spend } from '../../core/spend.ts';
import type { Queryable } from '../database.ts';
import { chainsOf } from './chains.ts';
import { IN_RANGE, rangeValues, type ReportRange } from './range.ts';
import { spendOf, sumOfBounds, type BoundsRow } from './spend-sum.ts';

/** The price rows that a model is billed by; null where its price is unknown. */
export type BookOf = (model: PolicyModel) => readonly Price[] | null;

/**
 * What ended queries would have cost, had one model of their chain been called and nothing else, beside what they did cost.
 * Where it was called, that is its own serve spend; elsewhere it is bounds (see `core/baseline.ts`), and no point value:
 * the queries that called it are the hard ones, so that their mean would overstate the others.
 */
export interface BaselineReport {
  readonly model: string;
  /** Whether it is the last stage of the newest version that has it. */
  readonly lastStage: boolean;
  /** Queries that called it. */
  readonly called: number;
  /** Queries that did not, and are compared by bounds. */
  readonly notCalled: number;
  /** What the model would have cost those that did not call it. */
  readonly notCalledBaseline: Spend;
  /** Queries in no figure here: they did not call it, and had no usable response with a count of its input tokens. */
  readonly leftOut: number;
  /** What those cost all the same. */
  readonly leftOutActual: Spend;
  /** What the compared queries would have cost. */
  readonly baseline: Spend;
  /** What the compared queries did cost: orphans, scoring and routing in, audits not. */
  readonly actual: Spend;
  /** Of the policy versions whose queries are audited. */
  readonly audited: AuditedPart;
}

/** Compared queries whose audits tell what was not observed. */
export interface AuditedPart {
  readonly called: number;
  readonly notCalled: number;
  /** Of those that did not call it: of their first usable responses. */
  readonly inputTokens: number;
  /** What the model cost those that called it. */
  readonly own: Spend;
  /** What all of them did cost, audits aside. */
  readonly actual: Spend;
}

type Bounds = 'own' | 'calledAll' | 'notCalledAll' | 'leftOutAll';
interface Row extends Readonly<Record<Bounds, BoundsRow>> {
  readonly task: string;
  readonly version: number;
  readonly model: string;
  readonly day: string;
  readonly inputOver: number | null;
  readonly inputUpTo: number | null;
  readonly called: number;
  readonly notCalled: number;
  /** A decimal: a day's tokens may be more than a float counts. */
  readonly inputTokens: string;
  readonly leftOut: number;
}

/** Each model of each task's chains as a baseline, in the order of the chain. */
export async function baselineReports(
  db: Queryable,
  range: ReportRange,
  bookOf: BookOf,
): Promise<(BaselineReport & { readonly task: string })[]> {
  const { rows } = await db.query<Row>({
    name: 'report-baselines',
    text: `
      select task, policy_version as version, model, day::text, input_over::float8 as "inputOver",
        input_up_to::float8 as "inputUpTo", sum(called)::float8 as called, sum(not_called)::float8 as "notCalled",
        sum(not_called_input_tokens)::text as "inputTokens", sum(left_out)::float8 as "leftOut",
        ${sumOfBounds('called_own_', 'own')}, ${sumOfBounds('called_all_', 'calledAll')},
        ${sumOfBounds('not_called_all_', 'notCalledAll')}, ${sumOfBounds('left_out_all_', 'leftOutAll')}
      from baselines_by_day where ${IN_RANGE}
      group by task, policy_version, model, day, input_over, input_up_to`,
    values: rangeValues(range),
  });
  const reports = new Map<string, BaselineReport & { readonly task: string }>();
  // Newest version first: its chain decides the order and which model is last.
  for (const { task, version, chain, audited } of await chainsOf(db, range.task)) {
    for (const stage of new Map(chain.map((model) => [model.model, model])).values()) {
      const own = rows.filter(
        (row) => row.task === task && row.version === version && row.model === stage.model,
      );
      if (own.length === 0) continue;
      const key = JSON.stringify([task, stage.model]);
      const before = reports.get(key) ?? {
        ...{ task, model: stage.model, lastStage: stage.model === chain.at(-1)?.model },
        ...EMPTY,
      };
      reports.set(
        key,
        own.reduce((sum, row) => {
          const next = withRow(sum, row, bookOf(stage), stage.maxOutputTokens);
          return audited ? { ...next, audited: withAuditedRow(sum.audited, row) } : next;
        }, before),
      );
    }
  }
  return [...reports.values()];
}

const EMPTY = {
  ...{ called: 0, notCalled: 0, leftOut: 0 },
  ...{ notCalledBaseline: NOTHING, leftOutActual: NOTHING, baseline: NOTHING, actual: NOTHING },
  audited: { called: 0, notCalled: 0, inputTokens: 0, own: NOTHING, actual: NOTHING },
};

function withAuditedRow(part: AuditedPart, row: Row): AuditedPart {
  return {
    called: part.called + row.called,
    notCalled: part.notCalled + row.notCalled,
    inputTokens: part.inputTokens + Number(row.inputTokens),
    own: addSpend(part.own, spendOf(row.own)),
    actual: addSpend(part.actual, addSpend(spendOf(row.calledAll), spendOf(row.notCalledAll))),
  };
}

function withRow<Report extends BaselineReport>(
  report: Report,
  row: Row,
  book: readonly Price[] | null,
  maxOutputTokens: number | null,
): Report {
  const bounds =
    row.inputOver === null
      ? NOTHING
      : baselineBounds(
          {
            ...{ day: row.day, inputOver: row.inputOver, inputUpTo: row.inputUpTo },
            ...{ queries: row.notCalled, inputTokens: BigInt(row.inputTokens) },
          },
          book,
          maxOutputTokens,
        );
  return {
    ...report,
    called: report.called + row.called,
    notCalled: report.notCalled + row.notCalled,
    leftOut: report.leftOut + row.leftOut,
    notCalledBaseline: addSpend(report.notCalledBaseline, bounds),
    leftOutActual: addSpend(report.leftOutActual, spendOf(row.leftOutAll)),
    baseline: addSpend(report.baseline, addSpend(spendOf(row.own), bounds)),
    actual: addSpend(report.actual, addSpend(spendOf(row.calledAll), spendOf(row.notCalledAll))),
  };
}
