import { mkdir, readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_ATTRIBUTE_TYPES } from '../../core/search-attributes.ts';
import { cacheFolder } from '../../local/data-folder.ts';
import { isAlive } from '../../local/leftover.ts';
import { freePort } from '../../local/ports.ts';
import { startPostgres, type PostgresServer } from '../../local/postgres.ts';
import { findTemporalBinary } from '../../local/temporal-binary.ts';
import { startTemporal, type TemporalServer } from '../../local/temporal-server.ts';

/** A killed server's sockets and shared memory are given back within a second or two. */
const START_AGAIN_WITHIN_MS = 60_000;

/** A server that can be killed where it stands and started again on what it had on disk. */
export interface Mortal {
  /** Ends every process of it with SIGKILL, and resolves when none is left. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Servers {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly postgres: Mortal;
  readonly temporal: Mortal;
}

/** Starts Postgres and Temporal on free loopback ports, with their data in the folder. */
export async function startServers(folder: string, env: NodeJS.ProcessEnv): Promise<Servers> {
  const postgres = await mortalPostgres(join(folder, 'postgres'));
  const temporal = await mortalTemporal(join(folder, 'temporal'), env).catch(async (error: unknown) => {
    await postgres.stop();
    throw error;
  });
  return { databaseUrl: postgres.url, temporalAddress: temporal.address, postgres, temporal };
}

async function mortalPostgres(folder: string): Promise<Mortal & { url: string }> {
  const port = await freePort();
  const launch = () => startPostgres({ folder, port, onProgress: () => undefined });
  let server: PostgresServer = await launch();
  return {
    url: server.url,
    async kill() {
      // Each backend is a session of its own, so no process group holds them all.
      const processes = [server.pid, ...(await childrenOf(server.pid))];
      for (const pid of processes) killIfThere(pid);
      await gone(processes);
    },
    async start() {
      server = await again(launch);
    },
    stop: () => server.stop(),
  };
}

async function mortalTemporal(folder: string, env: NodeJS.ProcessEnv): Promise<Mortal & { address: string }> {
  await mkdir(folder, { recursive: true });
  const binary = await findTemporalBinary({
    env,
    cacheFolder: cacheFolder({ env, uid: userInfo().uid, home: homedir() }),
    onProgress: () => undefined,
  });
  const port = await freePort();
  const launch = () =>
    startTemporal({
      binary,
      port,
      uiPort: null,
      dbFile: join(folder, 'temporal.db'),
      namespace: 'default',
      tuned: true,
      searchAttributes: SEARCH_ATTRIBUTE_TYPES,
      logFile: join(folder, 'log'),
    });
  let server: TemporalServer = await launch();
  return {
    address: server.address,
    async kill() {
      killIfThere(server.pid);
      await gone([server.pid]);
    },
    async start() {
      server = await again(launch);
    },
    stop: () => server.stop(),
  };
}

/** Where there is no /proc, none: a backend ends by itself when it finds its postmaster gone. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text
    .split(' ')
    .map(Number)
    .filter((child) => child > 0);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function gone(processes: readonly number[]): Promise<void> {
  for (const pid of processes) while (await isAlive(pid)) await sleep(10);
}

async function again<Server>(launch: () => Promise<Server>): Promise<Server> {
  const givesUpAt = Date.now() + START_AGAIN_WITHIN_MS;
  for (;;) {
    try {
      return await launch();
    } catch (error) {
      if (Date.now() > givesUpAt) throw error;
      await sleep(200);
    }
  }
}
