import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { logTail } from './log-tail.ts';
import { reachable, requirePort } from './ports.ts';

/** The dev server is up in 1 to 3 s on two cores; a loaded machine gets ten times that (ms). */
const READY_WITHIN = 40_000;
/** It writes its last transactions within a second; after this (ms) it hangs, and its store survives a kill. */
const STOP_WITHIN = 5_000;

/**
 * The dev server's defaults hold every task back by up to 50 ms, because one shard polls its queues 20 times a second.
 * With these a naive two-stage cascade takes 75 ms instead of 468 ms on two cores.
 */
const TUNING: readonly string[] = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.visibilityProcessorMaxPollRPS=2000',
  'system.enableActivityEagerExecution=true',
  // A workflow whose workers died in the middle of its task several times in a row would wait up to ten minutes.
  'history.workflowTaskRetryMaxInterval="10s"',
  // Long polls of a namespace at once: its workers', and one of each caller that waits for an answer. The default is 1,200.
  'frontend.namespaceCount=10000',
];
const FILE_PRAGMAS: readonly string[] = ['journal_mode=WAL', 'synchronous=NORMAL'];

export interface TemporalOptions {
  readonly binary: string;
  /** Default 127.0.0.1. */
  readonly ip?: string;
  readonly port: number;
  /** Null: no UI. */
  readonly uiPort: number | null;
  /** SQLite file that keeps workflows; null: in memory, gone when the server stops. */
  readonly dbFile: string | null;
  readonly namespace: string;
  /** Whether to run with our settings for latency instead of the dev server's own. */
  readonly tuned: boolean;
  /** Registered in the namespace and usable when this returns. */
  readonly searchAttributes: Readonly<Record<string, 'Keyword' | 'Int'>>;
  /** Appended to. */
  readonly logFile: string;
  readonly signal?: AbortSignal | undefined;
}

export interface TemporalServer {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly uiUrl: string | null;
  readonly pid: number;
  /** Ends the server; may be called again. What is in `dbFile` stays. */
  stop(): Promise<void>;
}

/**
 * Starts Temporal's dev server and waits until it answers and knows the search attributes. It has a process group of its
 * own, so that a Ctrl-C in the terminal does not end it before the workers have drained.
 * @throws {Error} when a port is taken, or the server dies or is not ready in time: with the end of its log
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { binary, ip = '127.0.0.1', port, uiPort, logFile, signal } = options;
  await requirePort(port, 'Temporal', '--temporal-port');
  if (uiPort !== null) await requirePort(uiPort, "Temporal's UI", '--temporal-ui-port');
  for (const file of [logFile, options.dbFile]) {
    if (file !== null) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  }

  const log = await open(logFile, 'a', 0o600);
  // Nothing of our environment: provider keys are in it.
  const env = { HOME: homedir(), PATH: dirname(binary) };
  const child = spawn(binary, flags(options, ip), { env, detached: true, stdio: ['ignore', log.fd, log.fd] });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new Error(`the Temporal binary ${binary} cannot be run: ${String(error)}`, { cause: error });
  } finally {
    await log.close();
  }

  const killWithUs = () => child.kill('SIGINT');
  process.once('exit', killWithUs);
  child.once('exit', () => process.off('exit', killWithUs));
  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= end(child));

  const address = `${ip}:${port}`;
  try {
    await ready(
      child,
      options,
      address,
      AbortSignal.any([AbortSignal.timeout(READY_WITHIN), ...(signal ? [signal] : [])]),
    );
  } catch (error) {
    await stop();
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Temporal did not start on ${address}: ${reason}\n${await logTail(logFile)}`, {
      cause: error,
    });
  }
  child.unref();
  return { address, uiUrl: uiPort === null ? null : `http://${ip}:${uiPort}`, pid: child.pid ?? 0, stop };
}

function flags(options: TemporalOptions, ip: string): string[] {
  const { port, uiPort, dbFile, namespace, tuned, searchAttributes } = options;
  const each = (flag: string, values: readonly string[]) => values.flatMap((value) => [flag, value]);
  return [
    ...['server', 'start-dev', '--log-level', 'warn', '--ip', ip, '--port', String(port)],
    ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...['--namespace', namespace],
    ...each(
      '--search-attribute',
      Object.entries(searchAttributes).map(([name, type]) => `${name}=${type}`),
    ),
    ...(tuned ? each('--dynamic-config-value', TUNING) : []),
    ...(dbFile === null ? [] : ['--db-filename', dbFile, ...each('--sqlite-pragma', FILE_PRAGMAS)]),
  ];
}

/** Resolves when the frontend answers and lists every search attribute; rejects when the child ends or the signal aborts. */
async function ready(
  child: ChildProcess,
  { port, ip = '127.0.0.1', namespace, searchAttributes }: TemporalOptions,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  const check = async () => {
    // gRPC waits a second after a refused connection, so it comes second.
    await reachable(ip, port, 1_000);
    const connection = await Connection.connect({ address, connectTimeout: 5_000 });
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = Object.keys(searchAttributes).filter((name) => !(name in customAttributes));
      if (missing.length > 0) throw new Error(`search attributes not there yet: ${missing.join(', ')}`);
    } finally {
      await connection.close();
    }
  };
  let last: unknown = new Error('it was not tried');
  while (!signal.aborted) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended with ${child.exitCode ?? child.signalCode ?? 'no code'}`);
    }
    try {
      await check();
      return;
    } catch (error) {
      last = error;
      await sleep(50);
    }
  }
  throw new Error(`not ready in time, ${last instanceof Error ? last.message : String(last)}`, {
    cause: last,
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN);
  await exited;
  clearTimeout(timer);
}
