import { hostname } from 'node:os';
import { NativeConnection, Worker, type NativeConnectionOptions } from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { createActivities, HEARTBEAT_MS, type Ports } from '../activities/index.ts';
import { AnswersHere } from '../core/answers-here.ts';
import { TASK_QUEUE } from '../core/temporal-names.ts';
import { Unavailable } from '../core/unavailable.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { ensureRelearnSchedules, type RelearnTimes } from './relearn-schedules.ts';
import { ensureSweepSchedule } from './sweep-schedule.ts';
import { workflowStates } from './workflow-states.ts';
import { encryptingFailureConverterPath, workflowSource } from './workflow-source.ts';

export interface CascadeWorkerOptions {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue?: string;
  readonly tls?: NativeConnectionOptions['tls'];
  readonly apiKey?: string;
  /** Encrypts payloads; clients must have the same. */
  readonly payloadCodec?: PayloadCodec;
  readonly ports: Ports;
  readonly identity?: string;
  /** How many workflows stay in memory between their tasks. 0 replays each from its history at every task. */
  readonly maxCachedWorkflows?: number;
  /** Ensures the schedule that sweeps the ledger every minute, on this task queue. Default: no. */
  readonly sweeper?: boolean;
  /** Sets the schedules on which tasks are learned anew, on this task queue. Default: leaves them as they are. */
  readonly relearning?: RelearnTimes;
}

export interface CascadeWorker {
  /** Closed when the worker has stopped. */
  readonly connection: NativeConnection;
  /** Where its queries' answers are told to a client in this process: see `EscalierOptions.worker`. */
  readonly answers: AnswersHere;
  /** Resolves when the worker has stopped; rejects when it died. */
  readonly done: Promise<void>;
  /** Takes no more work, lets running requests finish for a while, and resolves when all is closed. */
  stop(): Promise<void>;
}

/** What one worker does at once. */
const SLOTS = {
  // A durable call is a socket that waits: thousands cost little but memory, and each holds a slot.
  maxConcurrentActivityTaskExecutions: 2_500,
  // An inline call is one of these while it waits for its model; planning and ending are short, and wait for Postgres.
  maxConcurrentLocalActivityExecutions: 200,
  // A workflow whose local activity runs holds one of these: with no more of them than of those, inline calls on slow models
  // would keep every other query, and the announcement of their own cancel, from being worked on.
  maxConcurrentWorkflowTaskExecutions: 300,
  // One that is dropped is replayed from its history when it goes on, which costs time and no correctness.
  maxCachedWorkflows: 2_000,
} as const;

/** How long a stopping worker lets running requests finish before it hands them to another worker. */
const SHUTDOWN_GRACE = '30 seconds';

export function workerIdentity(): string {
  return `${process.pid}@${hostname()}`;
}

/**
 * Starts a worker: it hosts the workflow and its activities.
 * @throws {Unavailable} one line that says what, where and how to mend it.
 */
export async function startWorker(options: CascadeWorkerOptions): Promise<CascadeWorker> {
  const connection = await connect(options);
  try {
    await ensureSearchAttributes(connection, options.namespace);
    // Before the worker: one that is there keeps the connection from being closed when this fails.
    if (options.sweeper) {
      await ensureSweepSchedule(connection, options.namespace, options.taskQueue ?? TASK_QUEUE);
    }
    if (options.relearning !== undefined) {
      const { namespace, taskQueue = TASK_QUEUE, relearning } = options;
      await ensureRelearnSchedules(connection, namespace, taskQueue, relearning);
    }
    const dataConverter = options.payloadCodec && {
      payloadCodecs: [options.payloadCodec],
      failureConverterPath: encryptingFailureConverterPath(),
    };
    const answers = new AnswersHere();
    const worker = await Worker.create({
      connection,
      namespace: options.namespace,
      taskQueue: options.taskQueue ?? TASK_QUEUE,
      identity: options.identity ?? workerIdentity(),
      ...workflowSource(dataConverter?.failureConverterPath),
      ...(dataConverter === undefined ? {} : { dataConverter }),
      activities: createActivities(
        options.ports,
        workflowStates(connection, options.namespace, options.payloadCodec),
        answers,
      ),
      maxHeartbeatThrottleInterval: HEARTBEAT_MS,
      defaultHeartbeatThrottleInterval: HEARTBEAT_MS,
      ...SLOTS,
      ...(options.maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows: options.maxCachedWorkflows }),
      shutdownGraceTime: SHUTDOWN_GRACE,
    });
    return run(worker, connection, answers);
  } catch (error) {
    await connection.close();
    if (!isOutage(error)) throw error;
    throw new Unavailable(
      `Temporal at ${options.address} went away while the worker started (${connectionProblem(error)}): start the worker again when it is back`,
      { cause: error },
    );
  }
}

/** gRPC's codes for a server that is not there, or does not answer: DEADLINE_EXCEEDED and UNAVAILABLE. */
const OUTAGE: ReadonlySet<unknown> = new Set([4, 14]);

/** Whether an error, or what caused it, is an outage of the server: another start may go well. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && OUTAGE.has(error.code)) || isOutage(error.cause);
}

function run(worker: Worker, connection: NativeConnection, answers: AnswersHere): CascadeWorker {
  const done = worker.run().finally(() => connection.close());
  // Whoever waits on `done` hears of a failure; until somebody does, it is not an unhandled rejection.
  done.catch(() => undefined);
  return {
    connection,
    answers,
    done,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await done;
    },
  };
}

async function connect({ address, tls, apiKey }: CascadeWorkerOptions): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({
      address,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
    });
  } catch (error) {
    throw new Unavailable(
      `cannot reach Temporal at ${address} (${connectionProblem(error)}): start it, or set TEMPORAL_ADDRESS to one that runs ("escalier up" starts one)`,
      { cause: error },
    );
  }
}

/** Why a connection failed, in words: the native client's message is a nest of Rust errors, whose innermost tells. */
export function connectionProblem(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /message: "([^"]+)"/.exec(text)?.[1]?.toLowerCase() ?? text;
}
