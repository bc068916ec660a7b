/** A worker as the product starts it, but that it kills itself at the point that its orders name. */
import { pino } from 'pino';
import { EXIT } from '../../cli/exit.ts';
import { Unavailable } from '../../core/unavailable.ts';
import { openDatabase, requireDatabase } from '../../ledger/database.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { createPorts, installRuntime, startWorker, workerIdentity } from '../../worker/index.ts';
import { watchCommits, watchPorts, type Passing } from './deadly-ports.ts';
import type { PointKill } from './kill-plan.ts';
import { replayProvider } from './policy.ts';

/** What the harness tells a worker, as JSON in its only argument. */
export interface WorkerOrders {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly vendorUrl: string;
  readonly taskQueue: string;
  /** Null: it lives until it is killed from outside. */
  readonly kill: PointKill | null;
}

const orders = JSON.parse(process.argv[2] ?? '') as WorkerOrders;

let passed = 0;
const passing: Passing = (point) => {
  if (point !== orders.kill?.point || ++passed < orders.kill.nth) return;
  process.kill(process.pid, 'SIGKILL');
};

installRuntime(pino({ level: 'error', base: null }, pino.destination(2)));
const pool = openDatabase({
  url: orders.databaseUrl,
  connections: 20,
  applicationName: 'chaos worker',
  forWorker: true,
});
watchCommits(pool, passing);
try {
  await work();
} catch (error) {
  // As `escalier worker` does it: a word for the supervisor, which starts it again.
  if (!(error instanceof Unavailable)) throw error;
  console.error(error.message);
  process.exit(EXIT.unavailable);
}

async function work(): Promise<void> {
  await requireDatabase(pool, orders.databaseUrl);
  const identity = workerIdentity();
  const vendor = replayProvider(orders.vendorUrl);
  const ports = createPorts({
    pool,
    sealer: null,
    providers: new Map([[vendor.name, vendor]]),
    scorers: createScorerRegistry(),
    env: {},
    worker: identity,
  });
  const worker = await startWorker({
    address: orders.temporalAddress,
    namespace: 'default',
    taskQueue: orders.taskQueue,
    ports: watchPorts(ports, passing),
    identity,
    sweeper: true,
  });
  process.once('SIGTERM', () => {
    void worker.stop().then(() => pool.end());
  });
  await worker.done;
}
