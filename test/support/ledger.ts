import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Served } from '../../core/cascade.ts';
import type { Verdict } from '../../core/verdict.ts';
import { parseUsd, type DecimalUsd } from '../../core/money.ts';
import type { Policy } from '../../core/policy.ts';
import type { CascadeRequest } from '../../core/request.ts';
import { exactly, type Spend } from '../../core/spend.ts';
import { NO_USAGE } from '../../core/usage.ts';
import { openAttempt, type Intent } from '../../ledger/attempts.ts';
import { closeAttempt, type Close } from '../../ledger/close-attempt.ts';
import type { QueryRun } from '../../ledger/queries.ts';
import { endQuery, type QueryEnd } from '../../ledger/end-query.ts';
import { startQuery, type StartedQuery } from '../../ledger/start-query.ts';
import type { QueryRef, Sealer } from '../../ledger/texts.ts';

/** A policy as the ledger stores it. The ledger reads nothing of it but task and retention. */
export function storedPolicy(task: string, overrides: Partial<Policy> = {}): Policy {
  return {
    task,
    chain: [],
    thresholds: [],
    scorer: { name: 'agreement', options: {}, models: [], remote: false, scoresLastStage: true },
    answer: { from: 'number' },
    limits: { maxCostUsd: null, deadlineMs: null },
    retention: 'full',
    tokenProfile: { input: 3, output: 1, cachedInput: 0 },
    ...overrides,
  };
}

export function newRun(workflowId = `test/${randomUUID()}`): QueryRun {
  return { namespace: 'default', workflowId, runId: randomUUID() };
}

export function requestOf(task: string, content = 'What is six times seven?'): CascadeRequest {
  return { task, messages: [{ role: 'user', content }] };
}

/** Starts a query that is expected to start. */
export async function started(
  pool: pg.Pool,
  task: string,
  options: { run?: QueryRun; sealer?: Sealer | null; request?: CascadeRequest } = {},
): Promise<QueryRef> {
  const { run = newRun(), sealer = null, request = requestOf(task) } = options;
  return startedQuery(await startQuery(pool, sealer, run, request)).query;
}

export function startedQuery(result: StartedQuery): Extract<StartedQuery, { type: 'started' }> {
  if (result.type !== 'started') throw new Error(`expected a started query, got ${result.type}`);
  return result;
}

export function intentOf(query: QueryRef, overrides: Partial<Intent> = {}): Intent {
  return {
    queryId: query.queryId,
    startedAt: query.startedAt,
    purpose: 'serve',
    stage: 0,
    ordinal: 0,
    task: 'task',
    policyVersion: 1,
    provider: 'vendor',
    model: 'small',
    modelId: 'small-1',
    priceId: null,
    serviceTier: null,
    worstCaseUsd: '1',
    maxCostUsd: null,
    sparesFirstStages: false,
    maxAttempts: Infinity,
    expiresInMs: 60_000,
    workflowId: 'workflow',
    runId: 'run',
    activityAttempt: 1,
    worker: 'test',
    ...overrides,
  };
}

/** Opens an attempt that is expected to open. */
export async function opened(
  pool: pg.Pool,
  query: QueryRef,
  overrides: Partial<Intent> = {},
): Promise<string> {
  const result = await openAttempt(pool, intentOf(query, overrides));
  if (result.type !== 'opened') throw new Error(`expected an opened attempt, got ${result.type}`);
  return result.attemptId;
}

/** A close with 100 input and 10 output tokens for $0.01; a text when it succeeded. */
export function closeOf(query: QueryRef, attemptId: string, overrides: Partial<Close> = {}): Close {
  const status = overrides.status ?? 'succeeded';
  return {
    queryId: query.queryId,
    startedAt: query.startedAt,
    attemptId,
    status,
    failureKind: status === 'failed' ? 'server-error' : null,
    failureMessage: status === 'failed' ? 'the vendor failed' : null,
    httpStatus: status === 'succeeded' ? 200 : null,
    usage: { ...NO_USAGE, inputTokens: 100, outputTokens: 10 },
    cost: exactly(parseUsd('0.01')),
    costSource: 'catalogue',
    priceId: null,
    serviceTier: null,
    reportedModel: 'small-1',
    responseId: 'response-1',
    requestId: 'request-1',
    latencyMs: 12.4,
    timeToFirstTokenMs: null,
    response:
      status === 'succeeded'
        ? {
            text: 'It is 42.',
            kept: {
              message: { role: 'assistant', content: 'It is 42.' },
              finishReason: 'stop',
              logprobs: null,
            },
          }
        : null,
    retention: 'full',
    ...overrides,
  };
}

/** Opens an attempt and closes it. */
export async function attempted(
  pool: pg.Pool,
  query: QueryRef,
  intent: Partial<Intent>,
  close: Partial<Close> = {},
): Promise<string> {
  const attemptId = await opened(pool, query, intent);
  await closeAttempt(pool, null, closeOf(query, attemptId, { priceId: intent.priceId ?? null, ...close }));
  return attemptId;
}

export function servedBy(attemptId: string, overrides: Partial<Served> = {}): Served {
  return { attemptId, stage: 0, answer: '42', confidence: 0.9, threshold: 0.6, ...overrides };
}

/** Ends a query; with nothing served it is cancelled. */
export async function ended(
  pool: pg.Pool,
  query: QueryRef,
  served: Served | null,
  overrides: Partial<Omit<QueryEnd, 'judgements'>> & { verdicts?: Record<string, Verdict> } = {},
): Promise<void> {
  const { verdicts = {}, ...rest } = overrides;
  const { rows } = await pool.query<{ run_id: string }>(
    'select run_id from queries where started_at = $1 and query_id = $2',
    [query.startedAt, query.queryId],
  );
  await endQuery(pool, {
    queryId: query.queryId,
    startedAt: query.startedAt,
    runId: rows[0]!.run_id,
    outcome: served === null ? 'cancelled' : 'accepted',
    served,
    servedModel: served === null ? null : 'small',
    failureMessage: served === null ? 'the query was cancelled' : null,
    retention: 'full',
    judgements: Object.entries(verdicts).map(([attemptId, verdict]) => ({
      attemptId,
      verdict,
      confidence: 0.5,
      threshold: 0.6,
    })),
    ...rest,
  });
}

export function usd(amount: DecimalUsd): Spend {
  return exactly(parseUsd(amount));
}
