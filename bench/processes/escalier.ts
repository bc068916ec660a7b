/**
 * Escalier's worker as the product starts it, and a client, in one process. Eager: the client is on the worker's own
 * connection and asks for eager starts. Plain: it has a connection of its own, as a service elsewhere would.
 */
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { Escalier, type CascadeAnswer } from '../../client/index.ts';
import { WORKFLOW_TYPE } from '../../core/temporal-names.ts';
import { openDatabase } from '../../ledger/database.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { createPorts, startWorker, workerIdentity } from '../../worker/index.ts';
import { serveJobs, readOrders, type Orders } from '../run/child-side.ts';
import { benchProviders, taskOf, type Execution } from '../run/policies.ts';
import { MODELS, PROMPT, type Profile } from '../run/profiles.ts';
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
const plain = new Escalier({ address: temporalAddress, taskQueue });
const eagerClient = new Client({ connection: worker.connection });

serveJobs(
  async (profile) => {
    const workflowId = randomUUID();
    const { model } = await (eager ? askEagerly(profile, workflowId) : askPlainly(profile, workflowId));
    if (model !== MODELS.at(-1)) throw new Error(`${model} was served`);
    return workflowId;
  },
  {
    async stop() {
      await plain.close();
      await worker.stop();
      await pool.end();
    },
  },
);

function askPlainly(profile: Profile, idempotencyKey: string): Promise<CascadeAnswer> {
  return plain.ask({ idempotencyKey, task: taskOf(profile, execution), messages: PROMPT });
}

async function askEagerly(profile: Profile, workflowId: string): Promise<CascadeAnswer> {
  const request = { task: taskOf(profile, execution), messages: PROMPT };
  const answer: unknown = await eagerClient.workflow.execute(WORKFLOW_TYPE, {
    workflowId,
    taskQueue,
    args: [request],
    requestEagerStart: true,
  });
  return answer as CascadeAnswer;
}
