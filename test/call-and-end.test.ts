import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callAndEnd } from '../activities/call-and-end.ts';
import type { Ports } from '../activities/index.ts';
import type { CallInput, CallResult } from '../activities/types.ts';
import { begin } from '../core/cascade.ts';
import { ClimbLog } from '../core/climb-log.ts';
import { soFarOf } from '../core/last-call.ts';
import type { Plan } from '../core/policy.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { NOTHING } from '../core/spend.ts';
import { callInput } from '../core/stage-work.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { applyPolicies } from '../ledger/policies.ts';
import type { QueryRun } from '../ledger/queries.ts';
import { createScorerRegistry } from '../scorers/index.ts';
import { useDatabase } from './support/database.ts';
import { intentOf, newRun, requestOf, startedQuery, storedPolicy } from './support/ledger.ts';
import { chainOf, localScorer } from './support/policies.ts';
import { answered } from './support/vendor.ts';

/** The activity of a durable query's call, on a real ledger. */
const database = useDatabase();
const SURE = localScorer('constant', { confidence: 1 });
let ledger: Ledger;
let run: QueryRun;
let plan: Plan;
/** Requests that reached the vendor. */
let asked: number;
/** Answers that a caller in the process was told. */
let told: CascadeAnswer[];
/** Done while a request is out. */
let meanwhile: () => Promise<unknown>;

beforeAll(async () => {
  await applyPolicies(database.pool, [storedPolicy('task')]);
});

beforeEach(async () => {
  ledger = createLedger(database.pool, null);
  run = newRun(`call-and-end/${randomUUID()}`);
  asked = 0;
  told = [];
  meanwhile = () => Promise.resolve();
  const { query } = startedQuery(await ledger.startQuery(run, requestOf('task')));
  plan = {
    ...query,
    formatVersion: 1,
    task: 'task',
    policyVersion: 1,
    stages: chainOf(['small', 'medium']).map((model) => ({
      ...model,
      price: null,
      prices: null,
      worstCaseUsd: null,
    })),
    thresholds: [0.5, 0.5],
    scorer: { ...SURE, models: [], worstCaseUsd: '0' },
    answer: { from: 'number' },
    limits: { maxCostUsd: null, deadlineMs: 60_000 },
    retention: 'full',
  };
});

/** Of the first stage, as the workflow asks for it. */
function inputOf(): CallInput {
  const { state, command } = begin(plan, { spent: NOTHING, elapsedMs: 0 });
  if (command.type !== 'call') throw new Error('a cascade begins with a call');
  const now = Date.now();
  return { ...callInput(plan, state, command, now), soFar: soFarOf(plan, state, new ClimbLog(), now) };
}

/** Executes a call. @param attempt which execution of the activity it is, from 1. */
async function execute(input: CallInput, attempt = 1, own: Ledger = ledger): Promise<CallResult> {
  const scorers = createScorerRegistry();
  const ports = {
    ledger: own,
    provider: () => ({
      provider: {
        name: 'vendor',
        async request() {
          asked++;
          await meanwhile();
          return answered('It is 42.');
        },
      },
      catalogue: () => null,
      problem: null,
    }),
    scorer: (spec: Plan['scorer']) => scorers.load(spec),
    inputTokenBound: () => null,
    worker: 'test',
  } as unknown as Ports;
  const environment = new MockActivityEnvironment(
    { attempt, workflowExecution: run },
    { logger: new DefaultLogger('ERROR') },
  );
  return environment.run<[], CallResult, () => Promise<CallResult>>(() =>
    callAndEnd(ports, input, new AbortController().signal, (answer) => told.push(answer)),
  );
}

async function queryNow() {
  const { rows } = await database.pool.query<{
    status: string;
    outcome: string | null;
    served: string | null;
  }>('select status, outcome, served_attempt_id as served from queries where query_id = $1', [plan.queryId]);
  return rows[0];
}

describe('a call that answers its query', () => {
  test('ends it, and says how', async () => {
    const { attemptId, ended, answer } = await execute(inputOf());
    expect(answer).toBe('42');
    expect(ended).toMatchObject({
      finish: {
        outcome: 'accepted',
        served: { stage: 0, attemptId, answer: '42', confidence: 1, threshold: 0.5 },
      },
      attempts: [{ attemptId, status: 'succeeded', verdict: 'accepted', confidence: 1 }],
    });
    expect(await queryNow()).toEqual({ status: 'ended', outcome: 'accepted', served: attemptId });
    expect(told).toMatchObject([{ queryId: plan.queryId, text: 'It is 42.', outcome: 'accepted' }]);
  });

  test('executed again behind that, gives the same end, though its deadline has passed meanwhile', async () => {
    const input = inputOf();
    const first = await execute(input);
    const past = Date.now() - 1;
    const late = { ...input, deadlineAt: past, soFar: { ...input.soFar!, startedMs: past - 120_000 } };
    const again = await execute(late, 2);
    expect(again.ended).toEqual(first.ended);
    expect(again).toMatchObject({ attemptId: first.attemptId, message: first.message, answer: '42' });
    expect(asked).toBe(1);
  });

  test('leaves the end to the workflow where the ledger takes it not, and closes its attempt', async () => {
    const away = { ...ledger, endQuery: () => Promise.reject(new Error('the connection was lost')) };
    const { ended, scores } = await execute(inputOf(), 1, away);
    expect(ended).toBeUndefined();
    expect(scores).toEqual([{ answer: '42', confidence: 1 }]);
    expect(told).toEqual([]);
    expect(await ledger.attemptsOf(plan)).toMatchObject([{ status: 'succeeded', verdict: null }]);
    expect(await queryNow()).toMatchObject({ status: 'running' });
  });

  test('ends nothing where another execution of it has asked again: the first worker was taken for dead', async () => {
    const another = { stage: 0, runId: run.runId, activityAttempt: 2 };
    meanwhile = () => ledger.openAttempt(intentOf(plan, another));
    const { ended } = await execute(inputOf());
    expect(ended).toBeUndefined();
    expect(told).toEqual([]);
    expect(await ledger.attemptsOf(plan)).toMatchObject([
      { try: 1, status: 'succeeded', verdict: null },
      { try: 2, status: 'started' },
    ]);
    expect(await queryNow()).toMatchObject({ status: 'running' });
  });

  test('ends nothing where its query has ended meanwhile', async () => {
    meanwhile = () =>
      ledger.endQuery({
        ...plan,
        runId: run.runId,
        outcome: 'cancelled',
        served: null,
        servedModel: null,
        failureMessage: 'the query was cancelled',
        judgements: [],
      });
    expect((await execute(inputOf())).ended).toBeUndefined();
    expect(await queryNow()).toEqual({ status: 'ended', outcome: 'cancelled', served: null });
  });

  test('ends nothing where the next stage is to be asked, and closes its attempt', async () => {
    plan = { ...plan, scorer: { ...plan.scorer, options: { confidence: 0.4 } } };
    expect((await execute(inputOf())).ended).toBeUndefined();
    expect(await ledger.attemptsOf(plan)).toMatchObject([{ status: 'succeeded', verdict: null }]);
    expect(await queryNow()).toMatchObject({ status: 'running' });
  });
});
