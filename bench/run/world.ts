import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { SEARCH_ATTRIBUTE_TYPES } from '../../core/search-attributes.ts';
import { openDatabase } from '../../ledger/database.ts';
import { migrate } from '../../ledger/migrate.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import { cacheFolder } from '../../local/data-folder.ts';
import { freePort } from '../../local/ports.ts';
import { startPostgres, type PostgresServer } from '../../local/postgres.ts';
import { findTemporalBinary } from '../../local/temporal-binary.ts';
import { startTemporal, type TemporalServer } from '../../local/temporal-server.ts';
import { startChild, type Child } from './child.ts';
import { benchPolicies } from './policies.ts';

/** The servers that all variants share. */
export interface World {
  readonly folder: string;
  readonly upstream: Child;
  readonly upstreamUrl: string;
  readonly postgres: PostgresServer;
  /** A database of Escalier's, migrated, with the policies of the benchmark. */
  readonly ledgerUrl: string;
  /** As the dev server comes: `temporal server start-dev`, in memory. */
  stockTemporal(): Promise<TemporalServer>;
  /** As `escalier up` starts it: on disk, with its settings for latency. */
  tunedTemporal(): Promise<TemporalServer>;
  /** An empty database beside the ledger's. @returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Ends the servers and deletes their data, or keeps it, with their logs, to be looked at. */
  stop(data?: 'delete' | 'keep'): Promise<void>;
}

/** What a shell gives for a Ctrl-C. */
const INTERRUPTED = 130;

/**
 * Works in a world, which ends with the work: also where it fails, where somebody interrupts it, or reads no further. The
 * data of work that did not end well is kept.
 */
export async function withWorld(
  say: (line: string) => void,
  work: (world: World) => Promise<void>,
): Promise<void> {
  const interrupted = new Promise<'interrupted'>((resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve('interrupted');
      });
    }
    process.stdout.once('error', reject);
  });
  const world = await startWorld(say);
  let data: 'delete' | 'keep' = 'keep';
  try {
    const end = await Promise.race([work(world), interrupted]);
    if (end === 'interrupted') process.exitCode = INTERRUPTED;
    else data = 'delete';
  } finally {
    await world.stop(data);
  }
  // The interrupted work still waits for processes that are gone.
  if (process.exitCode === INTERRUPTED) process.exit();
}

/** Starts upstream and Postgres; Temporals when they are first asked for. All on free loopback ports, in a new folder. */
async function startWorld(say: (line: string) => void): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'escalier-bench-'));
  // Where this runs as root, Postgres runs as another user, who must be able to enter.
  await chmod(folder, 0o755);
  const stops: (() => Promise<void>)[] = [];
  const stop = async (data: 'delete' | 'keep' = 'delete'): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
    if (data === 'delete') await rm(folder, { recursive: true, force: true });
    else say(`The data and the logs of this run stay in ${folder}`);
  };
  try {
    const upstream = await startChild('upstream', { upstreamUrl: '' });
    stops.push(() => upstream.stop());
    const { url: upstreamUrl } = upstream.said as { readonly url: string };
    const postgres = await startPostgres({
      folder: join(folder, 'postgres'),
      port: await freePort(),
      onProgress: () => undefined,
    });
    stops.push(() => postgres.stop());
    await prepareLedger(postgres.url);
    const temporals = new Map<boolean, Promise<TemporalServer>>();
    const temporal = (tuned: boolean): Promise<TemporalServer> => {
      const known = temporals.get(tuned);
      if (known !== undefined) return known;
      const started = startDevServer(folder, tuned, say);
      temporals.set(tuned, started);
      stops.push(async () => (await started).stop());
      return started;
    };
    return {
      folder,
      upstream,
      upstreamUrl,
      postgres,
      ledgerUrl: postgres.url,
      stockTemporal: () => temporal(false),
      tunedTemporal: () => temporal(true),
      createDatabase: (name) => createDatabase(postgres.url, name),
      stop,
    };
  } catch (error) {
    await stop('keep');
    throw error;
  }
}

async function prepareLedger(url: string): Promise<void> {
  await migrate(url);
  const pool = openDatabase({ url });
  try {
    await applyPolicies(pool, benchPolicies(), []);
  } finally {
    await pool.end();
  }
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`create database "${name}"`);
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

async function startDevServer(
  folder: string,
  tuned: boolean,
  say: (line: string) => void,
): Promise<TemporalServer> {
  const binary = await findTemporalBinary({
    env: process.env,
    cacheFolder: cacheFolder({ env: process.env, uid: userInfo().uid, home: homedir() }),
    onProgress: say,
  });
  return startTemporal({
    binary,
    port: await freePort(),
    uiPort: null,
    dbFile: tuned ? join(folder, 'temporal', 'temporal.db') : null,
    namespace: 'default',
    tuned,
    searchAttributes: SEARCH_ATTRIBUTE_TYPES,
    logFile: join(folder, `temporal-${tuned ? 'tuned' : 'stock'}.log`),
  });
}
