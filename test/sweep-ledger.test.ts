import { beforeAll, describe, expect, test } from 'vitest';
import { parseUsd } from '../core/money.ts';
import { NO_USAGE } from '../core/usage.ts';
import { attemptsOfQuery, openAttempt } from '../ledger/attempts.ts';
import { closeAttempt } from '../ledger/close-attempt.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { endQuery } from '../ledger/end-query.ts';
import { createSweepLedger, type SweepLedger } from '../ledger/sweep.ts';
import type { QueryRef } from '../ledger/texts.ts';
import { useDatabase } from './support/database.ts';
import {
  attempted,
  closeOf,
  ended,
  intentOf,
  newRun,
  opened,
  started,
  storedPolicy,
} from './support/ledger.ts';

const database = useDatabase();
let sweep: SweepLedger;

beforeAll(async () => {
  sweep = createSweepLedger(database.pool);
  await applyPolicies(database.pool, [storedPolicy('task')]);
});

async function attemptsIn(query: QueryRef): Promise<Record<string, unknown>[]> {
  const { rows } = await database.pool.query<Record<string, unknown>>(
    'select * from attempts where query_id = $1 order by stage, try',
    [query.queryId],
  );
  return rows;
}

describe('orphanExpired', () => {
  const expire = (query: QueryRef) =>
    database.pool.query(`update attempts set expires_at = now() - interval '1 s' where query_id = $1`, [
      query.queryId,
    ]);

  test('closes what is open and over, and nothing else; bounds and source of the cost stay', async () => {
    const query = await started(database.pool, 'task');
    await opened(database.pool, query, { worstCaseUsd: '0.5', expiresInMs: -1 });
    await attempted(database.pool, query, { stage: 1 });
    await expire(query);
    await opened(database.pool, query, { stage: 2 });
    expect(await sweep.orphanExpired(10)).toBe(1);
    const [lost, closed, open] = await attemptsIn(query);
    expect(lost).toMatchObject({
      status: 'orphaned',
      cost_low_usd: '0.000000000000',
      cost_high_usd: '0.500000000000',
      cost_source: 'unknown',
      closed_at: expect.any(Date) as Date,
      failure_message: expect.stringMatching(
        /^never closed: its request had ended by 2\d{3}-.*Z, and/,
      ) as string,
    });
    expect(closed).toMatchObject({ status: 'succeeded', failure_message: null });
    expect(open).toMatchObject({ status: 'started', closed_at: null });
    expect(await sweep.orphanExpired(10)).toBe(0);
  });

  test('a late close wins, and says what it cost', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await opened(database.pool, query, { expiresInMs: -1 });
    await sweep.orphanExpired(10);
    await closeAttempt(database.pool, null, closeOf(query, attemptId));
    expect(await attemptsIn(query)).toMatchObject([
      { status: 'succeeded', cost_usd: '0.010000000000', cost_source: 'catalogue', failure_message: null },
    ]);
    expect(await openAttempt(database.pool, intentOf(query))).toEqual({ type: 'found', attemptId });
  });

  test('at once by two sweepers, in batches: each row once', async () => {
    const query = await started(database.pool, 'task');
    for (let stage = 0; stage < 10; stage++) await opened(database.pool, query, { stage, expiresInMs: -1 });
    const [one, two] = await Promise.all([sweep.orphanExpired(6), sweep.orphanExpired(6)]);
    expect(one + two + (await sweep.orphanExpired(6))).toBe(10);
  });

  test('waits neither for a close nor for the query’s lock', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await opened(database.pool, query, { expiresInMs: -1 });
    const holder = await database.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select from queries where query_id = $1 for update', [query.queryId]);
      await holder.query('select from attempts where attempt_id = $1 for update', [attemptId]);
      expect(await sweep.orphanExpired(10)).toBe(0);
      await holder.query('commit');
    } finally {
      holder.release();
    }
    expect(await sweep.orphanExpired(10)).toBe(1);
  });
});

describe('runningQueries', () => {
  test('are those of the namespace that are old enough, page by page', async () => {
    const namespace = 'paged';
    const refs: QueryRef[] = [];
    for (let i = 0; i < 5; i++) {
      refs.push(await started(database.pool, 'task', { run: { ...newRun(), namespace } }));
    }
    await ended(database.pool, refs[2]!, null);
    await started(database.pool, 'task');
    const page = (after: QueryRef | null, olderThanSeconds = 0) =>
      sweep.runningQueries({ namespace, after, olderThanSeconds, limit: 3 });
    const first = await page(null);
    const second = await page(first.at(-1)!);
    const wanted = [refs[0], refs[1], refs[3], refs[4]].map((ref) => ref!.queryId);
    expect([...first, ...second].map(({ queryId }) => queryId)).toEqual(wanted);
    expect(first[0]).toMatchObject({ startedAt: refs[0]!.startedAt, retention: 'full' });
    expect(await page(null, 3_600)).toEqual([]);
  });
});

describe('endQuery', () => {
  const lost = {
    outcome: 'failed',
    served: null,
    servedModel: null,
    failureMessage: 'lost',
    retention: 'full',
    judgements: [],
  } as const;
  const stateOf = async (query: QueryRef) => {
    const { rows } = await database.pool.query(
      'select status, outcome, run_id from queries where query_id = $1',
      [query.queryId],
    );
    return rows[0] as unknown;
  };

  test('leaves a query that another run has opened a request of', async () => {
    const run = newRun();
    const query = await started(database.pool, 'task', { run });
    await opened(database.pool, query, { runId: 'later' });
    expect(await endQuery(database.pool, { ...query, ...lost, runId: run.runId })).toEqual({
      type: 'left',
      runId: 'later',
    });
    expect(await stateOf(query)).toEqual({ status: 'running', outcome: null, run_id: 'later' });
    const end = { ...query, ...lost, runId: 'latest', insteadOf: 'later' };
    expect(await endQuery(database.pool, end)).toMatchObject({ type: 'ended' });
    expect(await stateOf(query)).toEqual({ status: 'ended', outcome: 'failed', run_id: 'latest' });
  });

  test('for a sweeper leaves one that has ended', async () => {
    const run = newRun();
    const query = await started(database.pool, 'task', { run });
    await ended(database.pool, query, null);
    const end = { ...query, ...lost, runId: run.runId, onlyRunning: true };
    expect(await endQuery(database.pool, end)).toEqual({ type: 'left', runId: run.runId });
    expect(await stateOf(query)).toMatchObject({ outcome: 'cancelled' });
  });

  test('a query that was ended so is resumed by a run that goes on', async () => {
    const run = newRun();
    const query = await started(database.pool, 'task', { run });
    const attemptId = await attempted(database.pool, query, { runId: run.runId });
    await endQuery(database.pool, { ...query, ...lost, runId: run.runId, onlyRunning: true });
    expect(await openAttempt(database.pool, intentOf(query, { runId: 'reset' }))).toEqual({
      type: 'found',
      attemptId,
    });
    await opened(database.pool, query, { stage: 1, runId: 'reset' });
    expect(await stateOf(query)).toEqual({ status: 'running', outcome: null, run_id: 'reset' });
  });
});

describe('costs that are told afterwards', () => {
  const search = {
    providers: ['vendor'],
    closedWithinSeconds: [0, 600],
    limit: 10,
  } as const;
  const cut = {
    status: 'failed',
    usage: null,
    cost: { low: 0n, high: parseUsd('1') },
    costSource: 'estimate',
  } as const;

  test('are asked for where the bounds do not meet and the response has an id', async () => {
    const query = await started(database.pool, 'task');
    const wanted = await attempted(database.pool, query, {}, { ...cut, responseId: 'gen-1' });
    await attempted(database.pool, query, { stage: 1 }, { ...cut, responseId: null });
    await attempted(database.pool, query, { stage: 2 });
    await attempted(database.pool, query, { stage: 3, provider: 'mute' }, { ...cut, responseId: 'gen-2' });
    const old = await attempted(database.pool, query, { stage: 4 }, { ...cut, responseId: 'gen-3' });
    await database.pool.query(
      `update attempts set closed_at = now() - interval '11 min' where attempt_id = $1`,
      [old],
    );
    const found = await sweep.unsettledAttempts(search);
    expect(found).toEqual([
      { attemptId: wanted, queryStartedAt: query.startedAt, provider: 'vendor', responseId: 'gen-1' },
    ]);

    const usage = { ...NO_USAGE, inputTokens: 7, outputTokens: 3 };
    const settlement = { ...found[0]!, costUsd: '0.25', usage };
    expect(await sweep.settleCost(settlement)).toBe(true);
    expect(await sweep.settleCost({ ...settlement, costUsd: '0.5' })).toBe(false);
    expect((await attemptsOfQuery(database.pool, query))[0]).toMatchObject({
      costUsd: '0.25',
      inputTokens: 7,
    });
    expect((await attemptsIn(query))[0]).toMatchObject({ cost_source: 'provider', status: 'failed' });
    expect(await sweep.unsettledAttempts(search)).toEqual([]);
  });
});
