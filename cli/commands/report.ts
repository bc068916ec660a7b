import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type pg from 'pg';
import { sqlState } from '../../ledger/database.ts';
import { sealReportDays } from '../../ledger/seal-report-days.ts';
import { messageOf, type Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { moneyAsText } from '../money-json.ts';
import { rangeOf, type RangeOptions } from '../range-option.ts';
import { fullReports, type FullReport, type RecordedOptions } from '../report/full-report.ts';
import { showDoubleBilling, showReport, showSavings, showStages } from '../report/text.ts';

export interface ReportOptions extends RangeOptions {
  readonly recorded?: string;
  /** Points of accuracy. */
  readonly alpha?: number;
  /** A file for the page. */
  readonly html?: string;
}

export type ReportSection = 'all' | 'double-billing' | 'stages' | 'savings';

const SHOW: Readonly<Record<ReportSection, (report: FullReport) => string>> = {
  all: showReport,
  'double-billing': showDoubleBilling,
  stages: showStages,
  savings: showSavings,
};

/** What a section says of a task, beside what every section says. */
const PARTS: Readonly<Record<ReportSection, readonly (keyof FullReport)[] | null>> = {
  all: null,
  'double-billing': ['total', 'byClass', 'paidTwice'],
  stages: ['stages', 'audited', 'recorded'],
  savings: ['baselines', 'audited', 'labelled', 'correct', 'recorded'],
};
const EVERYWHERE = [
  'task',
  'asOf',
  'period',
  'policyVersions',
  'certificate',
  'alarms',
  'queries',
  'running',
] as const;

export async function reportCommand(
  context: Context,
  section: ReportSection,
  options: ReportOptions,
): Promise<void> {
  const range = rangeOf(options);
  const recorded = recordedOf(options);
  await withDatabase(context, async (pool) => {
    await sealWherePossible(context, pool);
    const reports = await fullReports(pool, range, recorded);
    if (options.html !== undefined) {
      await writePage(context, reports, options.html);
      return;
    }
    if (context.json) {
      context.out(JSON.stringify({ tasks: reports.map((report) => partsOf(report, section)) }, moneyAsText));
    } else if (reports.length === 0) context.out('No query has been asked yet in this range.');
    else context.out(reports.map(SHOW[section]).join('\n\n'));
  });
}

async function writePage(context: Context, reports: readonly FullReport[], file: string): Promise<void> {
  // Drawing needs libraries that nothing else here does.
  const { pageHtml } = await import('../page/html.ts');
  const { pageOf } = await import('../page/from-report.ts');
  await writeFile(file, await pageHtml(pageOf(reports))).catch((error: unknown) => {
    throw new CliError(`--html ${file}: cannot be written (${messageOf(error)})`, EXIT.usage, error);
  });
  context.out(context.json ? JSON.stringify({ html: resolve(file) }) : `Wrote ${resolve(file)}`);
}

function partsOf(report: FullReport, section: ReportSection): object {
  const parts = PARTS[section];
  if (parts === null) return report;
  return Object.fromEntries([...EVERYWHERE, ...parts].map((key) => [key, report[key]]));
}

/** Postgres's codes for who may only read, and for a server that takes no writes. */
const READ_ONLY = new Set(['42501', '25006']);

/** Later reports are quicker for it; this one says the same without, so a reader who may not write is served all the same. */
async function sealWherePossible(context: Context, pool: pg.Pool): Promise<void> {
  try {
    await sealReportDays(pool, { days: 3, patienceMs: 0 });
  } catch (error) {
    if (!READ_ONLY.has(sqlState(error))) throw error;
    context.say('this login may only read: finished days are not summed up, so reports on them stay slow');
  }
}

function recordedOf({ recorded, alpha = 1 }: ReportOptions): RecordedOptions | null {
  return recorded === undefined ? null : { folder: recorded, alpha: alpha / 100 };
}
