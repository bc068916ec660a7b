import { addSpend } from '../../core/spend.ts';
import type { StageFigures } from '../../core/stage-worth.ts';
import type { Queryable } from '../database.ts';
import { IN_RANGE, rangeValues, type ReportRange } from './range.ts';
import { spendOf, sumOfBounds, type BoundsRow } from './spend-sum.ts';

/** Policy versions with different models at one place give a row each; with the same model they are added up. */
export interface StageReport extends StageFigures {
  /** Place in the chain, from 0. */
  readonly stage: number;
  readonly model: string;
  /** Of the policy versions whose queries are audited; null without any. */
  readonly audited: StageFigures | null;
}

type Bounds = 'serve' | 'scoring' | 'toGo';
type Row = Omit<StageReport, Bounds | 'audited'> &
  Readonly<Record<Bounds, BoundsRow>> & { readonly task: string; readonly audited: boolean };

/** Stages of each task that were called, in order. */
export async function stageReports(
  db: Queryable,
  range: ReportRange,
): Promise<(StageReport & { readonly task: string })[]> {
  const { rows } = await db.query<Row>({
    name: 'report-stages',
    text: `
      select task, stage, model,
        exists (
          select from policies p where p.task = s.task and p.version = s.policy_version and p.policy ? 'audit'
        ) as audited, sum(reached)::float8 as reached, sum(stopped)::float8 as stopped,
        sum(ended_here)::float8 as "endedHere", sum(went_on)::float8 as "wentOn",
        ${sumOfBounds('serve_', 'serve')}, ${sumOfBounds('scoring_', 'scoring')}, ${sumOfBounds('to_go_', 'toGo')}
      from stages_by_day s where ${IN_RANGE}
      group by task, stage, model, audited order by task, stage, model, audited`,
    values: rangeValues(range),
  });
  const reports = new Map<string, StageReport & { readonly task: string }>();
  for (const row of rows) {
    const { task, stage, model, audited } = row;
    const figures = figuresOf(row);
    const key = JSON.stringify([task, stage, model]);
    const before = reports.get(key);
    const all = before === undefined ? figures : sumOf(before, figures);
    reports.set(key, { task, stage, model, ...all, audited: audited ? figures : (before?.audited ?? null) });
  }
  return [...reports.values()];
}

function figuresOf({ reached, stopped, endedHere, wentOn, serve, scoring, toGo }: Row): StageFigures {
  return {
    ...{ reached, stopped, endedHere, wentOn },
    ...{ serve: spendOf(serve), scoring: spendOf(scoring), toGo: spendOf(toGo) },
  };
}

function sumOf(a: StageFigures, b: StageFigures): StageFigures {
  return {
    reached: a.reached + b.reached,
    stopped: a.stopped + b.stopped,
    endedHere: a.endedHere + b.endedHere,
    wentOn: a.wentOn + b.wentOn,
    serve: addSpend(a.serve, b.serve),
    scoring: addSpend(a.scoring, b.scoring),
    toGo: addSpend(a.toGo, b.toGo),
  };
}
