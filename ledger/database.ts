import pg from 'pg';
import { Unavailable } from '../core/unavailable.ts';

/** A pool or one of its clients: whatever a statement can run on. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<Row>>;
}

export interface DatabaseOptions {
  /** A `postgres://` URL. */
  readonly url: string;
  /** Connections that the pool may open. */
  readonly connections?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /**
   * Whether it is for a worker, whose statements are few, named and about one query each. They are planned once for each
   * connection: what Postgres would choose by itself is a new plan each time, because it prices a general one as if it read every
   * month's partition, and making the plan then costs more than carrying it out. And those whose results are not waited for in
   * between travel together, which cursors cannot.
   */
  readonly forWorker?: boolean;
  /** Told of connections that the server closed while they were idle. */
  readonly onIdleError?: (error: Error) => void;
}

/** A worker's connections outlast the pauses of its traffic: a new one has to plan each statement again before it is as fast. */
const WORKER_IDLE_MS = 600_000;

export function openDatabase(options: DatabaseOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections ?? 10,
    application_name: options.applicationName ?? 'escalier',
    connectionTimeoutMillis: 5_000,
    // A statement of the ledger takes milliseconds; one that waits this long waits for a lock that is not coming.
    statement_timeout: 30_000,
    pipeline: options.forWorker ?? false,
    ...(options.forWorker === true ? { idleTimeoutMillis: WORKER_IDLE_MS } : {}),
    allowExitOnIdle: true,
  });
  // Without a listener an idle connection that Postgres closes would end the process; the next query opens another.
  pool.on('error', options.onIdleError ?? (() => undefined));
  if (options.forWorker === true) {
    // A connection that is lost meanwhile fails the statement behind this one, which is somebody's.
    pool.on('connect', (client) => {
      client.query('set plan_cache_mode = force_generic_plan').catch(() => undefined);
    });
  }
  return pool;
}

/** @throws {Unavailable} one line that says what, where and how to mend it. */
export async function requireDatabase(pool: pg.Pool, url: string): Promise<void> {
  try {
    await pool.query('select 1');
  } catch (error) {
    throw new Unavailable(
      `cannot reach Postgres at ${placeOf(url)} (${describe(error)}): start it, or set DATABASE_URL to one that runs ("escalier up" starts one)`,
      { cause: error },
    );
  }
}

/**
 * `durable`: what is committed is on disk. `recoverable`: it is there within a second, or with the next durable commit of anyone,
 * and a crash of Postgres before that loses the whole of it: only for what can be done again, by somebody who notices.
 */
export type Commit = 'durable' | 'recoverable';

const BEGIN: Readonly<Record<Commit, string>> = {
  durable: 'begin',
  recoverable: 'begin; set local synchronous_commit = off',
};

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  commit: Commit = 'durable',
): Promise<T> {
  return withClient(pool, async (client) => {
    const begun = client.query(BEGIN[commit]);
    // In a pipeline it travels with the first statement of the work, which fails where it does.
    begun.catch(() => undefined);
    if (!client.pipeline) await begun;
    const result = await work(client);
    await begun;
    await client.query('commit');
    return result;
  });
}

/**
 * Statements of one transaction: each sees what those before it did, and none needs their results. In a pipeline that is one
 * round trip.
 * @returns their results, in order.
 */
export async function inOneTrip(
  pool: pg.Pool,
  statements: readonly pg.QueryConfig[],
  commit: Commit = 'durable',
): Promise<pg.QueryResult[]> {
  return withClient(pool, async (client) => {
    const sent: Promise<pg.QueryResult>[] = [];
    for (const statement of [BEGIN[commit], ...statements, 'commit']) {
      const result = client.query(statement);
      // After one that fails the rest does too, and `commit` rolls back: the first failure is the one that is thrown.
      result.catch(() => undefined);
      if (!client.pipeline) await result;
      sent.push(result);
    }
    return (await Promise.all(sent)).slice(1, -1);
  });
}

/** Runs `work` on a connection of its own; a transaction that it leaves open by throwing is rolled back. */
async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // The pool listens to idle connections only. A connection that is lost in a transaction also rejects its statement;
  // without a listener of its own it would end the process as well.
  const onLost = (error: Error): void => {
    broken = error;
  };
  client.on('error', onLost);
  try {
    return await work(client);
  } catch (error) {
    await client.query('rollback').catch((rollbackError: unknown) => {
      // The connection is gone; the server rolls back by itself, and the pool must not hand it out again.
      broken ??= rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
    });
    throw error;
  } finally {
    client.off('error', onLost);
    client.release(broken);
  }
}

/** The code by which Postgres names an error; empty for any other. */
export function sqlState(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** A text as Postgres can keep it: JSON of a vendor may escape a NUL, which no `text` column takes. */
export function storable(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\0', '\uFFFD');
}

/** The first row; a statement that always returns one. */
export function onlyRow<Row>(rows: readonly Row[], what: string): Row {
  const row = rows[0];
  if (row === undefined) throw new Error(`the ledger returned no row for ${what}`);
  return row;
}

/** Host, port and database: a password may stand in the authority or in the query, and hold any character. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'an address that is no URL';
  const { host, pathname } = new URL(url);
  return `postgres://${host}${pathname}`;
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}
