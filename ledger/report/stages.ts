import type { Spend } from '../../core/spend.ts';
import type { StageFigures } from '../../core/stage-worth.ts';
import type { Queryable } from '../database.ts';
import { IN_RANGE, rangeValues, type ReportRange } from './range.ts';
import { spendOf, sumOfBounds, type BoundsRow } from './spend-sum.ts';

/** Policy versions with different models at one place give a row each; with the same model they are added up. */
export interface StageReport extends StageFigures {
  /** Place in the chain, from 0. */
  readonly stage: number;
  readonly model: string;
}

type Bounds = 'serve' | 'scoring' | 'toGo';
type Row = Omit<StageReport, Bounds> & Readonly<Record<Bounds, BoundsRow>> & { readonly task: string };

/** Stages of each task that were called, in order. */
export async function stageReports(
  db: Queryable,
  range: ReportRange,
): Promise<(StageReport & { readonly task: string })[]> {
  const { rows } = await db.query<Row>({
    name: 'report-stages',
    text: `
      select task, stage, model, sum(reached)::float8 as reached, sum(stopped)::float8 as stopped,
        sum(ended_here)::float8 as "endedHere", sum(went_on)::float8 as "wentOn",
        ${sumOfBounds('serve_', 'serve')}, ${sumOfBounds('scoring_', 'scoring')}, ${sumOfBounds('to_go_', 'toGo')}
      from stages_by_day where ${IN_RANGE}
      group by task, stage, model order by task, stage, model`,
    values: rangeValues(range),
  });
  return rows.map((row) => {
    const bounds = (of: Bounds): Spend => spendOf(row[of]);
    return { ...row, serve: bounds('serve'), scoring: bounds('scoring'), toGo: bounds('toGo') };
  });
}
