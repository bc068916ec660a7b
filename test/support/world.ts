import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import type { Ports } from '../../activities/index.ts';
import type { Policy } from '../../core/policy.ts';
import type { Relearner } from '../../core/relearning.ts';
import type { CascadeAnswer, CascadeErrorDetails } from '../../core/result.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import type { ModelRequest } from '../../providers/provider.ts';
import { inputTokenBound } from '../../providers/token-bound.ts';
import { createScorerRegistry, type ScorerKind } from '../../scorers/index.ts';
import type { RelearnTimes } from '../../worker/relearn-schedules.ts';
import { startWorker, type CascadeWorker } from '../../worker/worker.ts';
import { useDatabase, type TestDatabase } from './database.ts';
import { answered, type Vendor } from './vendor.ts';

export * from './policies.ts';
export * from './vendor.ts';

/** Appears in histories, some of which are kept: no process id, no host name. */
const IDENTITY = 'test';

export interface World {
  readonly database: TestDatabase;
  readonly client: Client;
  readonly taskQueue: string;
  /** Every request of this test that reached the vendor, in order. */
  readonly requests: ModelRequest[];
  vendor: Vendor;
  /** What keeps the provider from being asked (a missing key), or null. */
  problem: string | null;
  apply(...policies: Policy[]): Promise<void>;
  /** Another worker. */
  startWorker(options?: WorkerOptions): Promise<CascadeWorker>;
  start(task: string, options?: AskOptions): Promise<WorkflowHandle>;
  ask(task: string, options?: AskOptions): Promise<CascadeAnswer>;
  /** Waits until the vendor has the nth request to a model. */
  arrived(model: string, nth?: number): Promise<ModelRequest>;
  asked(): string[];
}

export interface WorldOptions {
  /** Scorers beside the built-in ones, of a worker. */
  readonly kinds?: (pool: pg.Pool, worker: string) => readonly ScorerKind[];
  /** Where alarms are posted to; asked when a worker starts. */
  readonly alarmWebhook?: () => string;
  /** What learns tasks anew, of a worker; asked when it starts. */
  readonly relearner?: (pool: pg.Pool) => Relearner;
}

export interface WorkerOptions {
  readonly identity?: string;
  /** The world's by default. */
  readonly taskQueue?: string;
  /** 0 by default. */
  readonly maxCachedWorkflows?: number;
  readonly sweeper?: boolean;
  readonly relearning?: RelearnTimes;
}

export interface AskOptions {
  /** Workflow id; random by default. */
  readonly id?: string;
  /** Further fields of the request. */
  readonly request?: object;
  /** Task queue; the world's by default. */
  readonly taskQueue?: string;
}

export const messages = [{ role: 'user', content: 'What is six times seven?' }];

/**
 * A worker on the real Temporal and a real Postgres, with a vendor that tests script. Nothing is cached between workflow
 * tasks, so that every task replays the workflow from its history. One query at a time: without a cache Temporal drops
 * local activities of queries that run at once, and starts them again only when their task has timed out.
 */
export function useWorld({ kinds = () => [], alarmWebhook, relearner }: WorldOptions = {}): World {
  quietTemporal();
  const database = useDatabase();
  const taskQueue = `test-${randomUUID()}`;
  const requests: ModelRequest[] = [];
  let worker: CascadeWorker;
  let connection: Connection;
  let client: Client;
  const world: World = {
    database,
    taskQueue,
    requests,
    vendor: () => answered('42'),
    problem: null,
    get client() {
      return client;
    },
    async apply(...policies) {
      await applyPolicies(database.pool, policies);
    },
    startWorker: ({ identity = IDENTITY, ...options } = {}) =>
      startWorker({
        address: inject('temporalAddress'),
        namespace: 'default',
        taskQueue,
        maxCachedWorkflows: 0,
        ...options,
        identity,
        ports: {
          ...fakePorts(world, identity, kinds(database.pool, identity)),
          ...(alarmWebhook === undefined ? {} : { alarmWebhook: alarmWebhook() }),
          ...(relearner === undefined ? {} : { relearner: relearner(database.pool) }),
        },
      }),
    start: (task, { id = `test/${randomUUID()}`, request = {}, taskQueue: queue = taskQueue } = {}) =>
      client.workflow.start('cascade', {
        taskQueue: queue,
        workflowId: id,
        args: [{ task, messages, ...request }],
      }),
    async ask(task, options) {
      const handle = await world.start(task, options);
      return (await handle.result()) as CascadeAnswer;
    },
    arrived: (model, nth = 1) =>
      eventually(() => requests.filter((request) => request.modelId === model)[nth - 1]),
    asked: () => requests.map((request) => request.modelId),
  };
  beforeAll(async () => {
    connection = await Connection.connect({ address: inject('temporalAddress') });
    client = new Client({ connection, identity: IDENTITY });
    worker = await world.startWorker();
  });
  beforeEach(() => {
    requests.length = 0;
    world.vendor = () => answered('42');
    world.problem = null;
  });
  afterAll(async () => {
    await worker.stop();
    await connection.close();
  });
  return world;
}

function fakePorts(world: World, worker: string, kinds: readonly ScorerKind[]): Ports {
  const scorers = createScorerRegistry(kinds);
  const ledger = createLedger(world.database.pool, null);
  return {
    // A test does not wait until its queries are old enough to be swept.
    ledger: { ...ledger, runningQueries: (page) => ledger.runningQueries({ ...page, olderThanSeconds: 0 }) },
    provider: (name) =>
      name !== 'vendor'
        ? undefined
        : {
            provider: {
              name,
              async request(request, signal) {
                world.requests.push(request);
                const nth = world.requests.filter(({ modelId }) => modelId === request.modelId).length;
                return world.vendor(request, nth, signal);
              },
            },
            catalogue: () => null,
            problem: world.problem,
          },
    costTellers: [],
    scorer: (spec) => scorers.load(spec),
    inputTokenBound,
    worker,
  };
}

/** A cascade that gave no answer, as any Temporal client sees it. */
export interface Failure {
  readonly type: string | null | undefined;
  readonly message: string;
  readonly details: CascadeErrorDetails;
}

/** The error that a query ends with. @throws when it ends otherwise. */
export async function failureOf(result: Promise<unknown>): Promise<Failure> {
  const error = await result.then(
    (answer) => {
      throw new Error(`it was answered: ${JSON.stringify(answer)}`);
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError)) throw error;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) throw error;
  return {
    type: cause.type,
    message: cause.message,
    details: cause.details?.[0] as CascadeErrorDetails,
  };
}

/** Looks every few milliseconds until there is something to see. @throws after 20 s. */
export async function eventually<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const givesUpAt = Date.now() + 20_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (Date.now() > givesUpAt) throw new Error(`waited in vain for: ${look.toString()}`);
    await sleep(10);
  }
}

export interface AttemptRow {
  readonly attempt_id: string;
  readonly purpose: string;
  readonly stage: number;
  readonly try: number;
  readonly model: string;
  readonly status: string;
  readonly verdict: string | null;
  readonly failure_kind: string | null;
  readonly failure_message: string | null;
  readonly cost_low_usd: string;
  readonly cost_high_usd: string | null;
  readonly closed_at: Date | null;
  readonly worker: string;
}

/** A query's rows in the ledger, in the order in which they were opened. */
export async function rowsOf(pool: pg.Pool, workflowId: string): Promise<AttemptRow[]> {
  const { rows } = await pool.query<AttemptRow>(
    'select * from attempts where workflow_id = $1 order by started_at, attempt_id',
    [workflowId],
  );
  return rows;
}

export interface EndedRow {
  readonly status: string;
  readonly outcome: string | null;
  readonly accepted: boolean | null;
  readonly failure_message: string | null;
  readonly policy_version: number;
}

/** A query's own row. */
export async function queryOf(pool: pg.Pool, workflowId: string): Promise<EndedRow | undefined> {
  const { rows } = await pool.query<EndedRow>('select * from queries where workflow_id = $1', [workflowId]);
  return rows[0];
}

let quiet = false;

/** Only errors of the worker's: tests make activities fail on purpose, and each would be a page of warning. */
function quietTemporal(): void {
  if (quiet) return;
  quiet = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR' } },
  });
}
