/** The naive cascade: its worker with the SDK's defaults, and a plain client, in one process. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import pg from 'pg';
import { createNaiveActivities, MAKE_TABLE } from '../naive/activities.ts';
import type { naiveCascade } from '../naive/workflow.ts';
import { serveJobs, readOrders, type Orders } from '../run/child-side.ts';
import { createModels } from '../run/models.ts';
import { MODELS } from '../run/profiles.ts';
import { quietRuntime } from '../run/quiet-runtime.ts';

interface NaiveOrders extends Orders {
  readonly temporalAddress: string;
  readonly databaseUrl: string;
}

const TASK_QUEUE = 'naive';

const { upstreamUrl, temporalAddress, databaseUrl } = readOrders() as NaiveOrders;
quietRuntime();
const pool = new pg.Pool({ connectionString: databaseUrl });
// The benchmark closes idle connections, so that they report what they wrote.
pool.on('error', () => undefined);
await pool.query(MAKE_TABLE);
const workerConnection = await NativeConnection.connect({ address: temporalAddress });
const worker = await Worker.create({
  connection: workerConnection,
  taskQueue: TASK_QUEUE,
  workflowsPath: fileURLToPath(new URL('../naive/workflow.js', import.meta.url)),
  activities: createNaiveActivities(
    createModels(upstreamUrl),
    pool,
    () => activityInfo().workflowExecution?.workflowId ?? '',
  ),
});
const running = worker.run();
const connection = await Connection.connect({ address: temporalAddress });
const client = new Client({ connection });

serveJobs(
  async (profile) => {
    const workflowId = randomUUID();
    await client.workflow.execute<typeof naiveCascade>('naiveCascade', {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [profile, MODELS],
    });
    return workflowId;
  },
  {
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
      await workerConnection.close();
      await pool.end();
    },
  },
);
