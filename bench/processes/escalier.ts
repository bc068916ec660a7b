/**
 * Escalier's worker as the product starts it, and a client, in one process. Eager: the client knows the worker, which is
 * handed each query as it starts. Plain: it has a connection of its own, as a service elsewhere would.
 */
import { randomUUID } from 'node:crypto';
import { Escalier } from '../../client/index.ts';
import { openDatabase } from '../../ledger/database.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { createPorts, startWorker, workerIdentity } from '../../worker/index.ts';
import { serveJobs, readOrders, type Orders } from '../run/child-side.ts';
import { benchProviders, taskOf, type Execution } from '../run/policies.ts';
import { MODELS, PROMPT } from '../run/profiles.ts';
import { quietRuntime } from '../run/quiet-runtime.ts';

export interface EscalierOrders extends Orders {
  readonly temporalAddress: string;
  readonly databaseUrl: string;
  readonly execution: Execution;
  readonly eager: boolean;
}

const { upstreamUrl, temporalAddress, databaseUrl, execution, eager } = readOrders() as EscalierOrders;
/** A task queue for each, since several of these processes run side by side. */
const taskQueue = `escalier-${execution}-${eager ? 'eager' : 'plain'}`;

quietRuntime();
const pool = openDatabase({
  url: databaseUrl,
  connections: 20,
  forWorker: true,
  applicationName: 'escalier worker',
});
const identity = workerIdentity();
const worker = await startWorker({
  address: temporalAddress,
  namespace: 'default',
  taskQueue,
  identity,
  ports: createPorts({
    pool,
    sealer: null,
    providers: benchProviders(upstreamUrl),
    scorers: createScorerRegistry(),
    env: {},
    worker: identity,
  }),
});
worker.done.catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
const client = new Escalier({ taskQueue, ...(eager ? { worker } : { address: temporalAddress }) });

serveJobs(
  async (profile) => {
    const idempotencyKey = randomUUID();
    const { model } = await client.ask({
      idempotencyKey,
      task: taskOf(profile, execution),
      messages: PROMPT,
    });
    if (model !== MODELS.at(-1)) throw new Error(`${model} was served`);
    return idempotencyKey;
  },
  {
    async stop() {
      await client.close();
      await worker.stop();
      await pool.end();
    },
  },
);
