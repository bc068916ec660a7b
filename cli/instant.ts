import { CliError, EXIT } from './exit.ts';

/** An instant of the command line; a date alone is its midnight in UTC. */
export function instant(text: string, flag: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new CliError(`${flag} ${text}: expected a date such as 2026-11-01 (UTC)`, EXIT.usage);
  return at;
}
