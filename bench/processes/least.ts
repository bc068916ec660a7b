/** The least that a durable cascade can do: its worker with the SDK's defaults, and an eager client, in one process. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import pg from 'pg';
import { createLeastActivities, MAKE_TABLE } from '../least/activities.ts';
import type { leastCascade } from '../least/workflow.ts';
import { serveJobs, readOrders, type Orders } from '../run/child-side.ts';
import { createModels } from '../run/models.ts';
import { MODELS } from '../run/profiles.ts';
import { quietRuntime } from '../run/quiet-runtime.ts';

interface LeastOrders extends Orders {
  readonly temporalAddress: string;
  readonly databaseUrl: string;
}

const TASK_QUEUE = 'least';

const { upstreamUrl, temporalAddress, databaseUrl } = readOrders() as LeastOrders;
quietRuntime();
const pool = new pg.Pool({ connectionString: databaseUrl });
// The benchmark closes idle connections, so that they report what they wrote.
pool.on('error', () => undefined);
await pool.query(MAKE_TABLE);
const connection = await NativeConnection.connect({ address: temporalAddress });
const worker = await Worker.create({
  connection,
  taskQueue: TASK_QUEUE,
  workflowsPath: fileURLToPath(new URL('../least/workflow.js', import.meta.url)),
  activities: createLeastActivities(createModels(upstreamUrl), pool),
});
const running = worker.run();
const client = new Client({ connection });

serveJobs(
  async (profile) => {
    const workflowId = randomUUID();
    await client.workflow.execute<typeof leastCascade>('leastCascade', {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [profile, MODELS],
      requestEagerStart: true,
    });
    return workflowId;
  },
  {
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
      await pool.end();
    },
  },
);
