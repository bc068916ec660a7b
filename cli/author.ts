import { hostname } from 'node:os';
import type { Author } from '../ledger/policy-changes.ts';
import type { Context } from './context.ts';

/** Whoever runs the command, as the shell says, for the history of policies. */
export function authorOf({ env }: Context, reason?: string): Author {
  const user = env['USER'] || env['LOGNAME'] || env['USERNAME'] || null;
  return { by: user === null ? null : `${user}@${hostname()}`, reason: reason ?? null };
}
