import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState } from './database.ts';

/** How long a write that must not be lost waits for a ledger that cannot be reached. */
const PATIENCE_MS = 60_000;

/**
 * Runs a write again while Postgres cannot be reached. The write must be safe to repeat.
 * @throws the last error, after {@link PATIENCE_MS}, or at once when repeating cannot help (a constraint, bad data).
 */
export async function withPatience<T>(write: () => Promise<T>): Promise<T> {
  const givesUpAt = Date.now() + PATIENCE_MS;
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 2_000)) {
    try {
      return await write();
    } catch (error) {
      if (isPermanent(error) || Date.now() + delayMs > givesUpAt) throw error;
      await sleep(delayMs);
    }
  }
}

/**
 * Whether Postgres refused a value as such (SQLSTATE class 22: NUL, half a surrogate pair, a number out of range), which it would do
 * again.
 */
export function isRefusedValue(error: unknown): error is Error {
  return /^22\w{3}$/.test(sqlState(error));
}

/** SQLSTATE classes that the same statement meets again: data, constraints, syntax, privileges. */
function isPermanent(error: unknown): boolean {
  return /^(22|23|42)\w{3}$/.test(sqlState(error));
}
