import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { parseUsd } from '../../core/money.ts';
import type { Policy } from '../../core/policy.ts';
import { exactly } from '../../core/spend.ts';
import { openAttempt } from '../../ledger/attempts.ts';
import { closeAttempt } from '../../ledger/close-attempt.ts';
import { startQuery } from '../../ledger/start-query.ts';
import type { QueryRef } from '../../ledger/texts.ts';

/** The task of the queries that are made here. */
export const TASK = 'bench';

/** Its policy. The ledger reads nothing of it but task and retention. */
export const policy: Policy = {
  task: TASK,
  chain: [],
  thresholds: [],
  scorer: { name: 'agreement', options: {}, models: [], remote: false, scoresLastStage: true },
  answer: { from: 'number' },
  limits: { maxCostUsd: null, deadlineMs: null },
  retention: 'hash',
  tokenProfile: { input: 3, output: 1, cachedInput: 0 },
};

export async function newQuery(pool: pg.Pool): Promise<QueryRef> {
  const run = { namespace: 'bench', workflowId: randomUUID(), runId: randomUUID() };
  const result = await startQuery(pool, null, run, { task: TASK, messages: [] });
  if (result.type !== 'started') throw new Error(`the query was not started: ${result.type}`);
  return result.query;
}

/** Opens a request of a query and closes it, as failed: a call of a query may fail any number of times. */
export async function request(pool: pg.Pool, query: QueryRef, ordinal: number): Promise<void> {
  const opened = await openAttempt(pool, {
    ...query,
    ordinal,
    purpose: 'serve',
    stage: 0,
    task: TASK,
    policyVersion: 1,
    provider: 'bench',
    model: 'bench',
    modelId: 'bench',
    priceId: null,
    serviceTier: null,
    worstCaseUsd: '0.01',
    maxCostUsd: null,
    sparesFirstStages: false,
    maxAttempts: Infinity,
    expiresInMs: 60_000,
    workflowId: 'bench',
    runId: 'bench',
    activityAttempt: 1,
    worker: 'bench',
  });
  if (opened.type !== 'opened') throw new Error(`the request was not opened: ${opened.type}`);
  await closeAttempt(pool, null, {
    ...query,
    attemptId: opened.attemptId,
    status: 'failed',
    failureKind: 'server-error',
    failureMessage: null,
    httpStatus: 500,
    usage: null,
    cost: exactly(parseUsd('0.001')),
    costSource: 'estimate',
    priceId: null,
    serviceTier: null,
    reportedModel: null,
    responseId: null,
    requestId: null,
    latencyMs: 1,
    timeToFirstTokenMs: null,
    response: null,
    retention: 'hash',
  });
}
