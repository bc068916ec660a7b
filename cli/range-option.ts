import type { ReportRange } from '../ledger/report/range.ts';
import { CliError, EXIT } from './exit.ts';

/** Options of every command that is about the queries of a time: UTC days on which they started. */
export interface RangeOptions {
  readonly task?: string;
  readonly since?: string;
  /** Exclusive. */
  readonly until?: string;
}

/** @throws {CliError} when a date is none. */
export function rangeOf({ task, since, until }: RangeOptions): ReportRange {
  return {
    ...(task === undefined ? {} : { task }),
    ...(since === undefined ? {} : { since: utcDay(since, '--since') }),
    ...(until === undefined ? {} : { until: utcDay(until, '--until') }),
  };
}

/** @throws {CliError} that names the flag when the text is no date. */
export function utcDay(text: string, flag: string): string {
  const at = new Date(`${text}T00:00:00Z`);
  // A date that rolls over, such as February 30, is none.
  const day = Number.isNaN(at.getTime()) ? null : at.toISOString().slice(0, 10);
  if (day === text) return text;
  throw new CliError(`${flag} ${text}: expected a date such as 2026-11-01 (a UTC day)`, EXIT.usage);
}

/** The UTC day of so many milliseconds before. */
export function dayBefore(now: Date, ms: number): string {
  return new Date(now.getTime() - ms).toISOString().slice(0, 10);
}
