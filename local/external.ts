import pg from 'pg';
import { Unavailable } from '../core/unavailable.ts';
import { reachable } from './ports.ts';

/** A server that is up answers much sooner, also across an ocean (ms). */
const ANSWER_WITHIN = 5_000;

/**
 * Checks that a query can be run at a `DATABASE_URL`.
 * @throws {Unavailable} in one line, without the password
 */
export async function requireDatabase(url: string): Promise<void> {
  let place: string;
  try {
    const { host, pathname } = new URL(url);
    place = `${host}${pathname}`;
  } catch (error) {
    throw new Unavailable('DATABASE_URL is not a URL: write postgres://user:password@host:5432/database', {
      cause: error,
    });
  }
  let client: pg.Client | null = null;
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_WITHIN });
    await client.connect();
    await client.query('select 1');
  } catch (error) {
    throw new Unavailable(
      `no Postgres at ${place} (DATABASE_URL): ${reason(error)}; start it, correct DATABASE_URL, or unset it to use the embedded one`,
      { cause: error },
    );
  } finally {
    // A connection that never came up has nothing to end.
    await client?.end().catch(() => undefined);
  }
}

/**
 * Checks that something listens at a `TEMPORAL_ADDRESS`. Encryption and credentials are the worker's to check.
 * @throws {Unavailable} in one line
 */
export async function requireTemporal(address: string): Promise<void> {
  const parts = /^(?<host>\[[^\]]+\]|[^:/]+):(?<port>\d{1,5})$/.exec(address)?.groups;
  if (parts === undefined || Number(parts['port']) > 65_535) {
    throw new Unavailable(`TEMPORAL_ADDRESS is ${address}: write host:port, such as temporal.internal:7233`);
  }
  const host = (parts['host'] ?? '').replace(/^\[|\]$/g, '');
  try {
    await reachable(host, Number(parts['port']), ANSWER_WITHIN);
  } catch (error) {
    throw new Unavailable(
      `no Temporal at ${address} (TEMPORAL_ADDRESS): ${reason(error)}; start it, correct TEMPORAL_ADDRESS, or unset it to use the embedded one`,
      { cause: error },
    );
  }
}

/** A host with several addresses fails with one error for each, in an `AggregateError` without a message. */
function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
