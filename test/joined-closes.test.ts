import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Intent } from '../ledger/attempts.ts';
import type { QueryEnd } from '../ledger/end-query.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { applyPolicies } from '../ledger/policies.ts';
import type { QueryRef } from '../ledger/texts.ts';
import { useDatabase } from './support/database.ts';
import {
  closeOf,
  intentOf,
  newRun,
  requestOf,
  servedBy,
  startedQuery,
  storedPolicy,
} from './support/ledger.ts';

const database = useDatabase();
let ledger: Ledger;
let query: QueryRef;
/** Of the first stage. */
let first: string;
const run = newRun();

beforeAll(async () => {
  await applyPolicies(database.pool, [storedPolicy('task')]);
  ledger = createLedger(database.pool, null);
});

beforeEach(async () => {
  query = startedQuery(
    await ledger.startQuery({ ...run, workflowId: crypto.randomUUID() }, requestOf('task')),
  ).query;
  first = await open({});
});

const intent = (overrides: Partial<Intent>): Intent => intentOf(query, { runId: run.runId, ...overrides });

async function open(overrides: Partial<Intent>, closing?: string): Promise<string> {
  const opened = await ledger.openAttempt(
    intent(overrides),
    closing === undefined ? undefined : closeOf(query, closing),
  );
  if (opened.type !== 'opened') throw new Error(`expected an opened attempt, got ${opened.type}`);
  return opened.attemptId;
}

/** Stage, try, status and cost of every attempt. */
async function rows(): Promise<string[]> {
  return (await ledger.attemptsOf(query)).map((row) =>
    `${row.stage}.${row.try} ${row.status} ${row.costUsd ?? '?'} ${row.verdict ?? ''}`.trim(),
  );
}

const endOf = (served: string): QueryEnd => ({
  ...query,
  runId: run.runId,
  outcome: 'accepted',
  served: servedBy(served),
  servedModel: 'small',
  failureMessage: null,
  retention: 'full',
  judgements: [{ attemptId: served, verdict: 'accepted', confidence: 0.9, threshold: 0.6 }],
});

describe('a close that goes with the next intent', () => {
  test('is made with it, its text is there', async () => {
    await open({ stage: 1 }, first);
    expect(await rows()).toEqual(['0.1 succeeded 0.01', '1.1 started ?']);
    const elsewhere = createLedger(database.pool, null);
    expect((await elsewhere.textsOf(query, [first])).get(first)).toMatchObject({ finishReason: 'stop' });
  });

  test('is made by itself where the row was taken for lost, and nothing is bought twice', async () => {
    // Another execution of the call has superseded the row, as after a worker that was taken for dead.
    await open({});
    await open({ stage: 1 }, first);
    expect(await rows()).toEqual(['0.1 succeeded 0.01', '0.2 started ?', '1.1 started ?']);
    expect(await ledger.openAttempt(intent({}))).toEqual({ type: 'found', attemptId: first });
  });

  test('is made by itself where the intent has to be checked against a limit', async () => {
    const denied = await ledger.openAttempt(
      intent({ stage: 1, maxCostUsd: '0.005', worstCaseUsd: '0.001' }),
      closeOf(query, first),
    );
    expect(denied).toEqual({ type: 'denied', budgets: [] });
    expect(await rows()).toEqual(['0.1 succeeded 0.01']);
  });

  test('is made where the run is cancelled, too', async () => {
    await database.pool.query('update queries set cancel_requested_run_id = run_id where query_id = $1', [
      query.queryId,
    ]);
    expect(await ledger.openAttempt(intent({ stage: 1 }), closeOf(query, first))).toEqual({
      type: 'cancelled',
    });
    expect(await rows()).toEqual(['0.1 succeeded 0.01']);
  });

  test('again, it changes nothing', async () => {
    await open({ stage: 1 }, first);
    await ledger.closeAttempt(closeOf(query, first));
    expect(await rows()).toEqual(['0.1 succeeded 0.01', '1.1 started ?']);
  });
});

describe('a close that goes with the end of its query', () => {
  test('is made with it', async () => {
    expect(await ledger.endQuery(endOf(first), closeOf(query, first))).toMatchObject({ type: 'ended' });
    expect(await rows()).toEqual(['0.1 succeeded 0.01 accepted']);
    expect((await ledger.textsOf(query, [first])).get(first)).toMatchObject({ finishReason: 'stop' });
  });

  test('is made before it where the row was taken for lost', async () => {
    await open({});
    expect(await ledger.endQuery(endOf(first), closeOf(query, first))).toMatchObject({ type: 'ended' });
    expect(await rows()).toEqual(['0.1 succeeded 0.01 accepted', '0.2 started ?']);
  });

  test('is made where the query is another run’s by now', async () => {
    const end = { ...endOf(first), runId: 'another' };
    expect(await ledger.endQuery(end, closeOf(query, first))).toEqual({ type: 'left', runId: run.runId });
    expect(await rows()).toEqual(['0.1 succeeded 0.01']);
  });
});
