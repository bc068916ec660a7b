import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { isAlive, readRecord, removeRecord, writeRecord } from './leftover.ts';
import { logTail } from './log-tail.ts';
import { requirePort } from './ports.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { openCluster, POSTGRES_USER, prepareFolder } from './postgres-cluster.ts';
import { postgresIdentity, SYSTEM_ENV } from './postgres-user.ts';
import { run } from './run.ts';
import type { OnProgress } from './progress.ts';

const DATABASE = 'escalier';

export interface PostgresOptions {
  /** Everything of this server lies in it: data, password, log. As root, user `postgres` has to be able to reach it. */
  readonly folder: string;
  readonly port: number;
  readonly onProgress: OnProgress;
}

export interface PostgresServer {
  /** `postgres://…` with the password, for the superuser of database `escalier`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Whether the server was already running. */
  readonly reused: boolean;
  /** Ends the server, unless another living process started it; may be called again. The data stays. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded Postgres, or takes the one that already runs on the folder: one whose starter lives is used and left
 * running, one whose starter was killed is taken over. It listens on 127.0.0.1 only and asks for a password. It survives a
 * Ctrl-C in the terminal, so that workers can drain.
 * @throws {Error} when the port is taken, another Escalier runs it on another port, or it does not start: with its log's end
 */
export async function startPostgres({ folder, port, onProgress }: PostgresOptions): Promise<PostgresServer> {
  const identity = await postgresIdentity(onProgress);
  await prepareFolder(folder, identity);
  const binaries = await postgresBinaries(folder, identity, onProgress);
  const { data, password } = await openCluster(folder, binaries, identity, () => {
    onProgress(`Postgres: making an empty database cluster in ${folder}`);
  });

  const log = join(folder, 'log');
  const recordFile = join(folder, 'server.json');
  const control = (...args: string[]) =>
    run(binaries.pg_ctl, [...args, '-D', data], { env: SYSTEM_ENV, identity });
  const halt = async () => {
    const { ok, output } = await control('stop', '-m', 'fast', '-w');
    if (!ok && (await control('status')).ok) throw new Error(`Postgres does not stop: ${output}`);
    await removeRecord(recordFile);
  };

  let running = (await control('status')).ok ? await postmaster(data) : null;
  const record = await readRecord(recordFile);
  const ownerLives = running !== null && record?.pid === running.pid && (await isAlive(record.owner));
  if (running !== null && running.port !== port) {
    if (ownerLives || record === null) {
      throw new Error(
        `Postgres already runs on ${folder} at port ${running.port} (process ${running.pid}): use that port with ` +
          `--postgres-port, stop it, or choose another folder with ESCALIER_HOME`,
      );
    }
    onProgress(`Postgres: stopping the one that a killed process left on port ${running.port}`);
    await halt();
    running = null;
  }

  const reused = running !== null;
  if (running === null) {
    await requirePort(port, 'Postgres', '--postgres-port');
    onProgress(`Postgres: starting on port ${port}`);
    const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`;
    const { ok, output } = await control('start', '-w', '-l', log, '-o', settings);
    if (!ok) throw new Error(`Postgres did not start on port ${port}: ${output}\n${await logTail(log)}`);
    running = await postmaster(data);
  }
  if (!ownerLives) await writeRecord(recordFile, { pid: running.pid, port, owner: process.pid });
  onProgress(`Postgres: ${reused ? 'already running' : 'ready'} on port ${port}`);

  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= ownerLives ? Promise.resolve() : halt());
  try {
    const url = `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}`;
    await createDatabase(`${url}/postgres`);
    return { url: `${url}/${DATABASE}`, port, pid: running.pid, reused, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the running server wrote about itself: its process on the first line of the file, its port on the fourth. */
async function postmaster(data: string): Promise<{ pid: number; port: number }> {
  const file = join(data, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8')).split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!(pid > 0 && port > 0))
    throw new Error(`Postgres is starting or stopping on ${data}: try again in a moment`);
  return { pid, port };
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } catch (error) {
    // Another starter was first.
    if ((error as { code?: string }).code !== '42P04') throw error;
  } finally {
    await client.end();
  }
}
