import type { ReportRange } from '../ledger/report/range.ts';
import { CliError, EXIT } from './exit.ts';

/** Options of every command that is about the queries of a time. */
export interface RangeOptions {
  readonly task?: string;
  readonly since?: string;
  readonly until?: string;
}

/** @throws {CliError} when a date is none. */
export function rangeOf({ task, since, until }: RangeOptions): ReportRange {
  return {
    ...(task === undefined ? {} : { task }),
    ...(since === undefined ? {} : { since: instant(since, '--since') }),
    ...(until === undefined ? {} : { until: instant(until, '--until') }),
  };
}

/** @throws {CliError} that names the flag when the text is no date. */
export function instant(text: string, flag: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new CliError(`${flag} ${text}: expected a date such as 2026-11-01 (UTC)`, EXIT.usage);
  return at;
}
