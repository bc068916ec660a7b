import {
  auditedAccuracy,
  auditedBaseline,
  auditedWorth,
  type AuditedAccuracy,
  type AuditedQuery,
  type AuditedWorth,
  type EstimatedSpend,
} from '../../core/audited-report.ts';
import { parseUsd, type DecimalUsd } from '../../core/money.ts';
import type { Spend } from '../../core/spend.ts';
import type { Queryable } from '../database.ts';
import type { BaselineReport } from './baselines.ts';
import { rangeValues, startedInRange, type ReportRange } from './range.ts';
import type { StageReport } from './stages.ts';

/** What audits tell of the queries of the policy versions that have audits; of others they say nothing. */
export interface AuditedReport {
  /** Ascending. */
  readonly policyVersions: readonly number[];
  /** Audits that have ended. */
  readonly audits: number;
  /** Null where none could be judged. */
  readonly accuracy: AuditedAccuracy | null;
  /** Models that some of those queries did not call. */
  readonly baselines: readonly AuditedBaselineReport[];
  /** Those that are not the last. */
  readonly stages: readonly (AuditedWorth & { readonly stage: number; readonly model: string })[];
}

export interface AuditedBaselineReport {
  readonly model: string;
  readonly lastStage: boolean;
  /** Queries of those versions that are compared. */
  readonly queries: number;
  /** What always calling the model would have cost them; null where too few audits tell. */
  readonly baseline: EstimatedSpend | null;
  /** What they did cost, audits aside. */
  readonly actual: Spend;
}

export type AuditedRow = AuditedQuery & { readonly task: string; readonly version: number };

type Bought = readonly {
  readonly stage: number;
  readonly model: string;
  readonly costUsd: DecimalUsd | null;
  readonly answered: boolean;
}[];

/** Every audit in the range that has ended. */
export async function auditedQueries(db: Queryable, range: ReportRange): Promise<AuditedRow[]> {
  const { rows } = await db.query<Omit<AuditedRow, 'bought'> & { readonly attempts: Bought | null }>({
    name: 'report-audited',
    text: `
      select v.task, v.policy_version as version, v.inclusion_probability as inclusion,
        (array_agg(t.input_tokens order by t.stage, t.ordinal, t.try) filter (
          where t.purpose = 'serve' and t.status = 'succeeded' and t.input_tokens is not null))[1]::float8 as "inputTokens",
        array_agg(distinct t.model) filter (where t.purpose = 'serve') as called,
        max(t.stage) filter (where t.purpose = 'serve') as "endedAt", v.last_stage as "lastStage",
        jsonb_agg(jsonb_build_object('stage', t.stage, 'model', t.model, 'costUsd', t.cost_usd::text,
          'answered', t.status = 'succeeded')) filter (where t.purpose = 'audit') as attempts,
        v.served_correct as "servedCorrect", v.baseline_correct as "baselineCorrect", v.judged_by as "judgedBy"
      from (
        select w.*, a.baseline_stage as last_stage from audited_answers w
        join audits a on a.query_started_at = w.query_started_at and a.query_id = w.query_id
        where ${startedInRange('w.task', 'w.query_started_at')}
      ) v
      join attempts t on t.query_started_at = v.query_started_at and t.query_id = v.query_id
        and t.purpose in ('serve', 'audit')
      group by v.task, v.policy_version, v.query_started_at, v.query_id, v.inclusion_probability, v.last_stage,
        v.served_correct, v.baseline_correct, v.judged_by
      order by v.query_started_at, v.query_id`,
    values: rangeValues(range),
  });
  return rows.map(({ attempts, ...row }) => ({ ...row, bought: boughtOf(attempts ?? []) }));
}

function boughtOf(attempts: Bought): AuditedQuery['bought'] {
  return [...new Set(attempts.map(({ stage }) => stage))].flatMap((stage) => {
    const own = attempts.filter((attempt) => attempt.stage === stage);
    const costs = own.flatMap(({ costUsd }) => (costUsd === null ? [] : [parseUsd(costUsd)]));
    const answered = own.find((attempt) => attempt.answered);
    if (answered === undefined || costs.length < own.length) return [];
    return [{ stage, model: answered.model, cost: costs.reduce((a, b) => a + b, 0n) }];
  });
}

/** Null where no audit has ended. All that is given is of one task. */
export function auditedReport(
  audits: readonly AuditedRow[],
  baselines: readonly BaselineReport[],
  stages: readonly StageReport[],
): AuditedReport | null {
  if (audits.length === 0) return null;
  return {
    policyVersions: [...new Set(audits.map(({ version }) => version))].sort((a, b) => a - b),
    audits: audits.length,
    accuracy: auditedAccuracy(audits),
    baselines: baselines
      .filter(({ audited }) => audited.notCalled > 0)
      .map(({ model, lastStage, audited: { called, notCalled, inputTokens, own, actual } }) => ({
        ...{ model, lastStage, queries: called + notCalled, actual },
        baseline: auditedBaseline(audits, model, own, inputTokens),
      })),
    stages: stages.flatMap(({ stage, model, audited }) => {
      const worth = audited === null ? null : auditedWorth(audits, stage, audited);
      return worth === null ? [] : [{ stage, model, ...worth }];
    }),
  };
}
