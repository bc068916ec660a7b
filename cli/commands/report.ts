import type pg from 'pg';
import type { Price } from '../../core/price.ts';
import { pricesOf } from '../../core/price-row.ts';
import { spendToJson, type Spend } from '../../core/spend.ts';
import type { PolicyModel } from '../../core/policy.ts';
import { currentPolicy } from '../../ledger/policies.ts';
import { taskReport, type TaskReport } from '../../ledger/report.ts';
import { alwaysLastStage, type AlwaysLastStage } from '../../ledger/report/always-last-stage.ts';
import type { ReportRange } from '../../ledger/report/range.ts';
import { CATALOGUE, isProviderKind } from '../../providers/catalogue.ts';
import { catalogueBook } from '../../providers/price-book.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { instant } from '../instant.ts';
import { showReport } from '../report-text.ts';

export interface ReportOptions {
  readonly task?: string;
  readonly since?: string;
  readonly until?: string;
}

/** A task's figures beside what always calling its last stage would have cost. */
export interface FullReport extends TaskReport {
  readonly lastStage: (AlwaysLastStage & { readonly model: string }) | null;
}

export async function reportCommand(context: Context, options: ReportOptions): Promise<void> {
  const range = rangeOf(options);
  await withDatabase(context, async (pool) => {
    const reports = await fullReports(pool, range);
    if (context.json) context.out(JSON.stringify({ tasks: reports }, moneyAsText));
    else if (reports.length === 0) context.out('No query has been asked yet in this range.');
    else context.out(reports.map(showReport).join('\n\n'));
  });
}

export async function fullReports(pool: pg.Pool, range: ReportRange): Promise<FullReport[]> {
  const reports = await taskReport(pool, range);
  return Promise.all(
    reports.map(async (report) => ({ ...report, lastStage: await lastStageOf(pool, range, report.task) })),
  );
}

async function lastStageOf(
  pool: pg.Pool,
  range: ReportRange,
  task: string,
): Promise<FullReport['lastStage']> {
  const policy = await currentPolicy(pool, task);
  const last = policy?.policy.chain.at(-1);
  // A chain of one model is its own last stage.
  if (last === undefined || (policy?.policy.chain.length ?? 0) < 2) return null;
  const { model, maxOutputTokens } = last;
  const result = await alwaysLastStage(pool, {
    ...range,
    task,
    model,
    maxOutputTokens,
    prices: lastStagePrices(last),
  });
  return { ...result, model };
}

/** The policy's own price, else the catalogue's where the provider goes by a vendor's name. */
function lastStagePrices(model: PolicyModel): readonly Price[] | null {
  const vendor = isProviderKind(model.provider) ? CATALOGUE[model.provider].priceProvider : null;
  return pricesOf(model, (modelId) => (vendor === null ? null : catalogueBook(vendor, modelId)));
}

function rangeOf({ task, since, until }: ReportOptions): ReportRange {
  return {
    ...(task === undefined ? {} : { task }),
    ...(since === undefined ? {} : { since: instant(since, '--since') }),
    ...(until === undefined ? {} : { until: instant(until, '--until') }),
  };
}

/** Amounts in JSON are decimal strings of dollars; spend is bounds. */
function moneyAsText(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'low' in value && typeof value.low === 'bigint') {
    return spendToJson(value as Spend);
  }
  return value;
}
