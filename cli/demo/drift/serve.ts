import { WorkflowClient } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { Escalier } from '../../../client/index.ts';
import { createPayloadCodec } from '../../../codec/payload-codec.ts';
import { matchesReference } from '../../../core/reference.ts';
import { SWEEP_WORKFLOW_ID, SWEEP_WORKFLOW_TYPE, TASK_QUEUE } from '../../../core/temporal-names.ts';
import { parseUsd, type Picodollars } from '../../../core/money.ts';
import { payloadKeys, type Context } from '../../context.ts';
import { CliError, EXIT } from '../../exit.ts';
import type { HostedWorker } from '../../host-worker.ts';
import { runBatch } from '../../run-batch.ts';
import { openAudits } from './books.ts';
import { TAG } from './regions.ts';
import type { DrawnQuery, Scenario } from './scenario.ts';

export interface ServedQuery {
  readonly region: string;
  /** By the recorded set's reference. */
  readonly right: boolean;
  /** Whether the answer would have been right, had the vendor not changed. */
  readonly rightAsRecorded: boolean;
  readonly model: string;
  readonly policyVersion: number;
  /** What the answer says that it cost; null where it does not know. */
  readonly cost: Picodollars | null;
}

export interface DriftServing {
  /** Serves so many of the stream's next queries. */
  serve(count: number): Promise<ServedQuery[]>;
  /** One sweep, as the schedule starts it each minute: audits that are due start, and those that have ended are watched. */
  sweep(): Promise<void>;
  /** Sweeps until every audit has ended. */
  finishAudits(): Promise<void>;
  close(): Promise<void>;
}

export interface ServingOptions {
  readonly worker: HostedWorker;
  readonly scenario: Scenario;
  /** By query id, whether the cascade's answer is right as recorded. */
  readonly asRecorded: ReadonlyMap<string, boolean>;
  readonly concurrency: number;
}

const AUDITS_WAIT_MS = 200;

export function createServing(context: Context, options: ServingOptions): DriftServing {
  const { worker, scenario, asRecorded, concurrency } = options;
  const { pool } = worker;
  const { connection } = worker.worker;
  const { task, answer: spec } = scenario.policy;
  const payloadKey = context.env['ESCALIER_PAYLOAD_KEY'];
  const keys = payloadKeys(context);
  const client = new Escalier({ worker: worker.worker, ...(payloadKey ? { payloadKey } : {}) });
  const workflows = new WorkflowClient({
    connection,
    ...(keys === null ? {} : { dataConverter: { payloadCodecs: [createPayloadCodec(keys)] } }),
  });
  let asked = 0;
  let sweeps = 0;
  const itemOf = (drawn: DrawnQuery) => ({
    ...drawn,
    key: `demo-drift/${++asked}`,
    request: { task, messages: drawn.query.messages, tags: { [TAG]: drawn.region } },
  });
  const sweep = async (): Promise<void> => {
    await workflows.execute(SWEEP_WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId: `${SWEEP_WORKFLOW_ID}-demo-${++sweeps}`,
    });
  };
  return {
    async serve(count) {
      const served: ServedQuery[] = [];
      await runBatch(
        client,
        Array.from({ length: count }, () => itemOf(scenario.next())),
        {
          concurrency,
          signal: context.signal,
          onResult({ item: { query, region }, answer, error }) {
            if (answer === undefined) throw error;
            served.push({
              region,
              right: matchesReference(answer.answer, query.reference ?? '', spec) === true,
              rightAsRecorded: asRecorded.get(query.id) === true,
              model: answer.model,
              policyVersion: answer.policyVersion,
              cost: answer.costUsd === null ? null : parseUsd(answer.costUsd),
            });
          },
        },
      );
      if (context.signal.aborted) throw new CliError('Interrupted.', EXIT.interrupted);
      return served;
    },
    sweep,
    async finishAudits() {
      while ((await openAudits(pool, task)) > 0) {
        await sweep();
        await sleep(AUDITS_WAIT_MS, undefined, { signal: context.signal });
      }
      await sweep();
    },
    close: () => client.close(),
  };
}
