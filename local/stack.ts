import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import type { Environment } from './data-folder.ts';
import { requireDatabase, requireTemporal } from './external.ts';
import { makeFolder } from './make-folder.ts';
import { requirePort } from './ports.ts';
import { endProcess, isAlive, isRunning, readRecord, removeRecord, writeRecord } from './leftover.ts';
import { startPostgres } from './postgres.ts';
import type { OnProgress } from './progress.ts';
import { findTemporalBinary } from './temporal-binary.ts';
import { startTemporal } from './temporal-server.ts';

export interface StackOptions {
  readonly dataFolder: string;
  readonly cacheFolder: string;
  /** `DATABASE_URL` and `TEMPORAL_ADDRESS` replace the embedded servers; `TEMPORAL_CLI_PATH` and `PATH` find the binary. */
  readonly env: Environment;
  /** Loopback ports. `temporalUi` null: no UI. */
  readonly ports: {
    readonly postgres: number;
    readonly temporal: number;
    readonly temporalUi: number | null;
  };
  /** Registered in the embedded Temporal. */
  readonly searchAttributes: Readonly<Record<string, 'Keyword' | 'Int'>>;
  readonly onProgress: OnProgress;
  /** Default `default`. Made in the embedded Temporal where it is missing. */
  readonly namespace?: string;
  /** Whether the embedded Temporal forgets everything when it stops. Default false. */
  readonly inMemoryTemporal?: boolean;
  /** Gives up starting, and stops what has been started. */
  readonly signal?: AbortSignal;
}

export interface Stack {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** Null where Temporal runs elsewhere or without a UI. */
  readonly uiUrl: string | null;
  /** Stops what this call started, Temporal first; the data stays. May be called again. */
  stop(): Promise<void>;
}

interface Part {
  stop(): Promise<void>;
}

/**
 * Starts Postgres and Temporal side by side, each unless the environment names one that runs elsewhere.
 * @throws {Error} when either does not start or cannot be reached; the other one is stopped again
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  await makeFolder(options.dataFolder, userInfo().uid === 0);
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const giveUp = (error: unknown): never => {
    failed.abort(error);
    throw error;
  };
  const [temporal, postgres] = await Promise.allSettled([
    temporalPart(options, signal).catch(giveUp),
    postgresPart(options).catch(giveUp),
  ]);
  if (temporal.status === 'rejected' || postgres.status === 'rejected' || signal.aborted) {
    await stopInOrder(
      [temporal, postgres].flatMap((part) => (part.status === 'fulfilled' ? [part.value] : [])),
    );
    throw signal.reason;
  }
  let stopping: Promise<void> | null = null;
  return {
    databaseUrl: postgres.value.url,
    temporalAddress: temporal.value.address,
    uiUrl: temporal.value.uiUrl,
    stop: () => (stopping ??= stopInOrder([temporal.value, postgres.value])),
  };
}

/** Stops each part, also after one that failed to, and then reports the first failure. */
async function stopInOrder(parts: readonly Part[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) await part.stop().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function postgresPart({
  env,
  dataFolder,
  ports,
  onProgress,
}: StackOptions): Promise<Part & { url: string }> {
  const url = env['DATABASE_URL'];
  if (!url) return startPostgres({ folder: join(dataFolder, 'postgres'), port: ports.postgres, onProgress });
  await requireDatabase(url);
  onProgress('Postgres: using DATABASE_URL');
  return { url, stop: () => Promise.resolve() };
}

async function temporalPart(
  options: StackOptions,
  signal: AbortSignal,
): Promise<Part & { address: string; uiUrl: string | null }> {
  const { env, dataFolder, cacheFolder, ports, searchAttributes, onProgress } = options;
  const address = env['TEMPORAL_ADDRESS'];
  if (address) {
    await requireTemporal(address);
    onProgress(`Temporal: using TEMPORAL_ADDRESS ${address}`);
    return { address, uiUrl: null, stop: () => Promise.resolve() };
  }
  const folder = join(dataFolder, 'temporal');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const recordFile = join(folder, 'server.json');
  await clearLeftover(recordFile, onProgress);
  // Told before a binary is downloaded or built, which takes minutes.
  await requirePort(ports.temporal, 'Temporal', '--temporal-port');
  if (ports.temporalUi !== null) await requirePort(ports.temporalUi, "Temporal's UI", '--temporal-ui-port');
  const binary = await findTemporalBinary({ env, cacheFolder, onProgress, signal });
  onProgress(`Temporal: starting ${binary} on port ${ports.temporal}`);
  const server = await startTemporal({
    binary,
    port: ports.temporal,
    uiPort: ports.temporalUi,
    dbFile: options.inMemoryTemporal ? null : join(folder, 'temporal.db'),
    namespace: options.namespace ?? 'default',
    tuned: true,
    searchAttributes,
    logFile: join(folder, 'log'),
    signal,
  });
  await writeRecord(recordFile, { pid: server.pid, port: ports.temporal, owner: process.pid });
  onProgress(`Temporal: ready on port ${ports.temporal}`);
  const stop = async () => {
    await server.stop();
    await removeRecord(recordFile);
  };
  return { address: server.address, uiUrl: server.uiUrl, stop };
}

/** Two servers must not write to one store: one left by a killed process is ended, a living process's one is an error. */
async function clearLeftover(recordFile: string, onProgress: OnProgress): Promise<void> {
  const record = await readRecord(recordFile);
  if (record === null || !(await isRunning(record.pid, ['start-dev', String(record.port)]))) return;
  if (await isAlive(record.owner)) {
    throw new Error(
      `Temporal already runs on this data folder at port ${record.port}, started by process ${record.owner}: stop that one, ` +
        `use it with TEMPORAL_ADDRESS=127.0.0.1:${record.port}, or choose another folder with ESCALIER_HOME`,
    );
  }
  onProgress(`Temporal: ending the server that a killed process left (process ${record.pid})`);
  await endProcess(record.pid, 5_000);
  await removeRecord(recordFile);
}
