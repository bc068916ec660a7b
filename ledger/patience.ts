import { setTimeout as sleep } from 'node:timers/promises';

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

/** SQLSTATE classes that the same statement meets again: data, constraints, syntax, privileges. */
function isPermanent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(22|23|42)/.test(code) && code.length === 5;
}
