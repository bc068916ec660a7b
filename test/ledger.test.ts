import { createHash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatUsd, parseUsd } from '../core/money.ts';
import { requestHash } from '../core/request-hash.ts';
import { attemptsOfQuery, openAttempt, type Intent } from '../ledger/attempts.ts';
import { closeAttempt } from '../ledger/close-attempt.ts';
import { inTransaction, openDatabase, requireDatabase } from '../ledger/database.ts';
import { labelAttempt } from '../ledger/labels.ts';
import { applyPolicies, listPolicies } from '../ledger/policies.ts';
import { startQuery } from '../ledger/start-query.ts';
import { readTexts, type QueryRef, type Sealer } from '../ledger/texts.ts';
import { useDatabase } from './support/database.ts';
import {
  attempted,
  closeOf,
  ended,
  intentOf,
  newRun,
  opened,
  requestOf,
  servedBy,
  started,
  startedQuery,
  storedPolicy,
  usd,
} from './support/ledger.ts';

const database = useDatabase();

beforeAll(async () => {
  await applyPolicies(database.pool, [storedPolicy('task')]);
});

async function statuses(query: QueryRef): Promise<string[]> {
  return (await attemptsOfQuery(database.pool, query)).map((attempt) => `${attempt.try} ${attempt.status}`);
}

async function column<T>(table: 'queries' | 'attempts', name: string, query: QueryRef): Promise<T[]> {
  const { rows } = await database.pool.query<{ value: T }>(
    `select ${name} as value from ${table} where query_id = $1`,
    [query.queryId],
  );
  return rows.map((row) => row.value);
}

async function textRows(table: 'open_texts' | 'texts', query: QueryRef): Promise<string[]> {
  const { rows } = await database.pool.query<{ item: string }>(
    `select item from ${table} where query_id = $1 order by item = 'request' desc, item`,
    [query.queryId],
  );
  return rows.map((row) => row.item);
}

/** Waits until so many sessions of this database wait for a lock. */
async function blocked(count: number): Promise<void> {
  for (;;) {
    const { rows } = await database.pool.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows[0]!.n >= count) return;
  }
}

describe('startQuery', () => {
  test('a new key starts a query: its row, its prompt, the policy that is current', async () => {
    const run = newRun();
    const result = await startQuery(database.pool, null, run, requestOf('task'));
    const { query, version, policy } = startedQuery(result);
    expect(version).toBe(1);
    expect(policy).toEqual(storedPolicy('task'));
    expect(query.startedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(await column('queries', 'run_id', query)).toEqual([run.runId]);
    const texts = await readTexts(database.pool, null, query);
    expect(texts.get('request')).toEqual({ messages: requestOf('task').messages, parameters: {} });
  });

  test('the same key again is the same query, to the microsecond, with one row', async () => {
    const run = newRun();
    const first = await started(database.pool, 'task', { run });
    const again = await Promise.all([1, 2, 3].map(() => started(database.pool, 'task', { run })));
    for (const query of again) expect(query).toEqual(first);
    expect(await column('queries', 'status', first)).toEqual(['running']);
  });

  test('starts at once with one key make one query', async () => {
    const run = newRun();
    const queries = await Promise.all(
      Array.from({ length: 8 }, () => started(database.pool, 'task', { run })),
    );
    expect(new Set(queries.map((query) => query.queryId)).size).toBe(1);
    expect(await column('queries', 'status', queries[0]!)).toEqual(['running']);
  });

  test('the same key with another request is a conflict', async () => {
    const run = newRun();
    const query = await started(database.pool, 'task', { run });
    const other = await startQuery(database.pool, null, run, requestOf('task', 'And seven times eight?'));
    expect(other).toMatchObject({ type: 'conflict', query: { queryId: query.queryId } });
  });

  test('an unknown task names the tasks there are, and claims no key', async () => {
    const run = newRun();
    const result = await startQuery(database.pool, null, run, requestOf('tusk'));
    expect(result.type === 'unknown-task' && result.tasks).toContain('task');
    await started(database.pool, 'task', { run });
  });

  test('a later run of an answered key is finished', async () => {
    const run = newRun();
    const query = await started(database.pool, 'task', { run });
    const attemptId = await attempted(database.pool, query, {});
    await ended(database.pool, query, servedBy(attemptId));
    const later = await startQuery(database.pool, null, newRun(run.workflowId), requestOf('task'));
    expect(later).toMatchObject({
      type: 'finished',
      query: { queryId: query.queryId, outcome: 'accepted', servedAttemptId: attemptId, confidence: 0.9 },
    });
  });

  test('a later run of a key that ended without an answer goes on, and keeps what it bought', async () => {
    const run = newRun();
    const query = await started(database.pool, 'task', { run });
    const bought = await attempted(database.pool, query, {});
    await ended(database.pool, query, null);
    const later = newRun(run.workflowId);
    expect(await started(database.pool, 'task', { run: later })).toEqual(query);
    expect(await column('queries', 'status', query)).toEqual(['running']);
    expect(await column('queries', 'outcome', query)).toEqual([null]);
    expect(await column('queries', 'run_id', query)).toEqual([later.runId]);
    expect(await openAttempt(database.pool, intentOf(query))).toEqual({ type: 'found', attemptId: bought });
    const texts = await readTexts(database.pool, null, query);
    expect([...texts.keys()].sort()).toEqual([bought, 'request'].sort());
  });

  test('a later run of a key that never ended takes it over', async () => {
    const run = newRun();
    const query = await started(database.pool, 'task', { run });
    const later = newRun(run.workflowId);
    await started(database.pool, 'task', { run: later });
    expect(await column('queries', 'run_id', query)).toEqual([later.runId]);
  });

  test('stays with its policy version when a newer one is current', async () => {
    await applyPolicies(database.pool, [storedPolicy('pinned')]);
    const run = newRun();
    await started(database.pool, 'pinned', { run });
    const newer = storedPolicy('pinned', { thresholds: [0.9] });
    await applyPolicies(database.pool, [newer]);
    const again = startedQuery(await startQuery(database.pool, null, run, requestOf('pinned')));
    expect(again).toMatchObject({ version: 1, policy: storedPolicy('pinned') });
    const other = startedQuery(await startQuery(database.pool, null, newRun(), requestOf('pinned')));
    expect(other).toMatchObject({ version: 2, policy: newer });
  });
});

describe('openAttempt', () => {
  test('the intent is committed when it returns', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await opened(database.pool, query, { worstCaseUsd: '0.123456789012' });
    const other = openDatabase({ url: database.url });
    try {
      const { rows } = await other.query(
        `select status, try, cost_low_usd::text, cost_high_usd::text, cost_usd, closed_at from attempts where attempt_id = $1`,
        [attemptId],
      );
      expect(rows).toEqual([
        {
          status: 'started',
          try: 1,
          cost_low_usd: '0.000000000000',
          cost_high_usd: '0.123456789012',
          cost_usd: null,
          closed_at: null,
        },
      ]);
    } finally {
      await other.end();
    }
  });

  test('a call that has succeeded is found, and nothing is opened', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await attempted(database.pool, query, {});
    expect(await openAttempt(database.pool, intentOf(query))).toEqual({ type: 'found', attemptId });
    for (const other of [{ stage: 1 }, { ordinal: 1 }, { purpose: 'score' as const }]) {
      expect(await openAttempt(database.pool, intentOf(query, other))).toMatchObject({ type: 'opened' });
    }
    expect(await statuses(query)).toEqual(['1 succeeded', '1 started', '1 started', '1 started']);
  });

  test('a try that is still open is superseded and keeps its bounds; tries count up', async () => {
    const query = await started(database.pool, 'task');
    await opened(database.pool, query, { worstCaseUsd: '0.5' });
    await attempted(database.pool, query, {}, { status: 'failed' });
    await opened(database.pool, query);
    expect(await statuses(query)).toEqual(['1 orphaned', '2 failed', '3 started']);
    const [orphan] = await attemptsOfQuery(database.pool, query);
    expect(orphan).toMatchObject({ costLowUsd: '0', costHighUsd: '0.5', costUsd: null });
  });

  test('a try that is open when an earlier one turns out to have succeeded is superseded: nobody will try it again', async () => {
    const query = await started(database.pool, 'task');
    const late = await opened(database.pool, query);
    await opened(database.pool, query);
    await closeAttempt(database.pool, null, closeOf(query, late));
    expect(await openAttempt(database.pool, intentOf(query))).toEqual({ type: 'found', attemptId: late });
    expect(await statuses(query)).toEqual(['1 succeeded', '2 orphaned']);
  });

  test('counts the failures of its own run only: another run has its own tries', async () => {
    const query = await started(database.pool, 'task');
    await attempted(database.pool, query, { runId: 'earlier' }, { status: 'failed' });
    await attempted(database.pool, query, {}, { status: 'failed' });
    expect(await openAttempt(database.pool, intentOf(query))).toMatchObject({
      type: 'opened',
      failedBefore: 1,
    });
  });

  test('a failure for good is found by the run that had it; another run tries anew', async () => {
    const { pool } = database;
    const query = await started(pool, 'task');
    const fail = (overrides: Partial<Intent>, failureKind: 'refusal' | 'server-error') =>
      attempted(pool, query, overrides, { status: 'failed', failureKind, failureMessage: 'no' });
    await fail({}, 'refusal');
    expect(await openAttempt(pool, intentOf(query))).toEqual({
      type: 'failed',
      kind: 'refusal',
      message: 'no',
    });
    const limited = { stage: 1, maxAttempts: 2 };
    await fail(limited, 'server-error');
    await fail(limited, 'server-error');
    expect(await openAttempt(pool, intentOf(query, limited))).toMatchObject({
      type: 'failed',
      kind: 'server-error',
    });
    expect(await openAttempt(pool, intentOf(query, { ...limited, runId: 'another' }))).toMatchObject({
      type: 'opened',
      number: 3,
      failedBefore: 0,
    });
  });

  test('opens at once of one call leave one open row and a row for each', async () => {
    const query = await started(database.pool, 'task');
    await Promise.all(Array.from({ length: 8 }, () => opened(database.pool, query)));
    const rows = await attemptsOfQuery(database.pool, query);
    expect(rows.map((row) => row.try).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(rows.filter((row) => row.status === 'started').map((row) => row.try)).toEqual([8]);
  });

  test('is denied when what was spent at most and its worst case exceed the budget, to the picodollar', async () => {
    const query = await started(database.pool, 'task');
    await attempted(database.pool, query, {}, { cost: { low: 0n, high: parseUsd('0.4') } });
    const open = (worstCaseUsd: string) =>
      openAttempt(database.pool, intentOf(query, { stage: 1, worstCaseUsd, maxCostUsd: '1' }));
    expect(await open('0.600000000001')).toEqual({ type: 'denied', budgets: [] });
    expect(await statuses(query)).toEqual(['1 succeeded']);
    expect(await open('0.6')).toMatchObject({ type: 'opened' });
  });

  test('an orphan counts against the budget with all that it can have cost', async () => {
    const query = await started(database.pool, 'task');
    const intent = intentOf(query, { worstCaseUsd: '0.6', maxCostUsd: '1' });
    expect(await openAttempt(database.pool, intent)).toMatchObject({ type: 'opened' });
    expect(await openAttempt(database.pool, intent)).toEqual({ type: 'denied', budgets: [] });
    expect(await statuses(query)).toEqual(['1 orphaned']);
  });

  test('under a budget, an unknown price is denied, its own and that of an earlier attempt', async () => {
    const query = await started(database.pool, 'task');
    const unknown = intentOf(query, { worstCaseUsd: null, maxCostUsd: '1000' });
    expect(await openAttempt(database.pool, unknown)).toEqual({ type: 'denied', budgets: [] });
    expect(await openAttempt(database.pool, { ...unknown, maxCostUsd: null })).toMatchObject({
      type: 'opened',
    });
    expect(
      await openAttempt(database.pool, intentOf(query, { stage: 1, worstCaseUsd: '0', maxCostUsd: '1000' })),
    ).toEqual({ type: 'denied', budgets: [] });
  });

  test('twenty opens at once never exceed the budget', async () => {
    const query = await started(database.pool, 'task');
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, ordinal) =>
        openAttempt(database.pool, intentOf(query, { ordinal, worstCaseUsd: '0.3', maxCostUsd: '2' })),
      ),
    );
    // 6 × 0.3 = 1.8; a seventh would make 2.1.
    expect(results.filter((result) => result.type === 'opened')).toHaveLength(6);
    expect(await statuses(query)).toHaveLength(6);
  });
});

describe('closeAttempt', () => {
  test('keeps everything that is known', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await attempted(database.pool, query, {});
    const { rows } = await database.pool.query(
      `select status, http_status, input_tokens, output_tokens, cost_usd::text, cost_source, reported_model, response_id,
         request_id, response_sha256, latency_ms, time_to_first_token_ms, closed_at >= started_at as ordered
       from attempts where attempt_id = $1`,
      [attemptId],
    );
    expect(rows).toEqual([
      {
        status: 'succeeded',
        http_status: 200,
        input_tokens: '100',
        output_tokens: '10',
        cost_usd: '0.010000000000',
        cost_source: 'catalogue',
        reported_model: 'small-1',
        response_id: 'response-1',
        request_id: 'request-1',
        response_sha256: createHash('sha256').update('It is 42.').digest('hex'),
        latency_ms: 12,
        time_to_first_token_ms: null,
        ordered: true,
      },
    ]);
  });

  test('again, it changes nothing', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await attempted(database.pool, query, {});
    const before = await database.pool.query('select * from attempts where query_id = $1', [query.queryId]);
    await closeAttempt(database.pool, null, closeOf(query, attemptId));
    const after = await database.pool.query('select * from attempts where query_id = $1', [query.queryId]);
    expect(after.rows).toEqual(before.rows);
    expect(await textRows('open_texts', query)).toEqual(['request', attemptId]);
  });

  test('a late close of an orphan wins', async () => {
    const query = await started(database.pool, 'task');
    const lost = await opened(database.pool, query);
    await opened(database.pool, query);
    await closeAttempt(database.pool, null, closeOf(query, lost));
    expect(await statuses(query)).toEqual(['1 succeeded', '2 started']);
    expect((await attemptsOfQuery(database.pool, query))[0]).toMatchObject({ costUsd: '0.01' });
    expect(await openAttempt(database.pool, intentOf(query))).toEqual({ type: 'found', attemptId: lost });
  });

  test.each(['failed', 'cancelled', 'succeeded'] as const)(
    'a row that was closed as %s stays, and gets no text of another close',
    async (status) => {
      const query = await started(database.pool, 'task');
      const attemptId = await attempted(database.pool, query, {}, { status });
      const other = status === 'succeeded' ? 'failed' : 'succeeded';
      await closeAttempt(database.pool, null, closeOf(query, attemptId, { status: other, cost: usd('7') }));
      expect(await statuses(query)).toEqual([`1 ${status}`]);
      expect((await attemptsOfQuery(database.pool, query))[0]).toMatchObject({ costUsd: '0.01' });
      expect(await textRows('open_texts', query)).toEqual(
        status === 'succeeded' ? ['request', attemptId] : ['request'],
      );
    },
  );

  test('at once with the next try of its call: neither fails, and nothing is lost', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await opened(database.pool, query);
    const holder = await database.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select from queries where query_id = $1 for update', [query.queryId]);
      const next = openAttempt(database.pool, intentOf(query));
      await blocked(1);
      const close = closeAttempt(database.pool, null, closeOf(query, attemptId));
      await blocked(2);
      await holder.query('commit');
      expect(await next).toMatchObject({ type: 'opened' });
      await close;
    } finally {
      holder.release();
    }
    expect(await statuses(query)).toEqual(['1 succeeded', '2 started']);
  });

  test('just before the next try of its call: that finds it', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await opened(database.pool, query);
    const holder = await database.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select from queries where query_id = $1 for update', [query.queryId]);
      const close = closeAttempt(database.pool, null, closeOf(query, attemptId));
      await blocked(1);
      const next = openAttempt(database.pool, intentOf(query));
      await blocked(2);
      await holder.query('commit');
      await close;
      expect(await next).toEqual({ type: 'found', attemptId });
    } finally {
      holder.release();
    }
  });

  test('an unknown cost stays unknown', async () => {
    const query = await started(database.pool, 'task');
    await attempted(database.pool, query, {}, { cost: { low: 0n, high: null }, costSource: 'unknown' });
    expect((await attemptsOfQuery(database.pool, query))[0]).toMatchObject({
      costUsd: null,
      costLowUsd: '0',
      costHighUsd: null,
    });
  });

  test.each([
    ['full', 'vendor: HTTP 400; "your \"secret\" is too long"; check it'],
    ['hash', 'vendor: HTTP 400; "…"; check it'],
    ['none', 'vendor: HTTP 400; "…"; check it'],
  ] as const)(
    'of a failure of a task that retains "%s", the vendor’s words stay as its texts do',
    async (retention, kept) => {
      const { pool } = database;
      const query = await started(pool, 'task');
      const failureMessage = 'vendor: HTTP 400; "your \"secret\" is too long"; check it';
      const attemptId = await attempted(pool, query, {}, { status: 'failed', failureMessage, retention });
      await ended(pool, query, null, { retention, failureMessage });
      const { rows } = await pool.query(
        `select a.failure_message as of_attempt, q.failure_message as of_query
       from attempts a join queries q using (query_id) where attempt_id = $1`,
        [attemptId],
      );
      expect(rows).toEqual([{ of_attempt: kept, of_query: kept }]);
    },
  );

  test('a NUL in what a vendor says does not keep the row open', async () => {
    const query = await started(database.pool, 'task');
    const close = { status: 'failed' as const, failureMessage: 'broken \0 message', responseId: '\0' };
    await attempted(database.pool, query, {}, close);
    await ended(database.pool, query, null, { failureMessage: 'stage 1: broken \0 message' });
    expect(await column('attempts', 'failure_message', query)).toEqual(['broken \uFFFD message']);
    expect(await column('queries', 'status', query)).toEqual(['ended']);
  });
});

describe('endQuery', () => {
  test('keeps the outcome and every verdict; again, it changes nothing', async () => {
    const query = await started(database.pool, 'task');
    const first = await attempted(database.pool, query, {});
    const second = await attempted(database.pool, query, { stage: 1 });
    const end = () =>
      ended(database.pool, query, servedBy(first), {
        verdicts: { [first]: 'accepted', [second]: 'corroborated' },
      });
    await end();
    const rowsOf = async (table: string, order: string): Promise<unknown[]> => {
      const { rows } = await database.pool.query<Record<string, unknown>>(
        `select * from ${table} where query_id = $1 order by ${order}`,
        [query.queryId],
      );
      return rows;
    };
    const rows = async (): Promise<unknown[]> => [
      ...(await rowsOf('queries', 'query_id')),
      ...(await rowsOf('attempts', 'stage')),
      ...(await rowsOf('texts', 'item')),
    ];
    const before = await rows();
    expect(before).toMatchObject([
      { status: 'ended', outcome: 'accepted', accepted: true, served_attempt_id: first, served_stage: 0 },
      { verdict: 'accepted', confidence: 0.5, threshold: 0.6 },
      { verdict: 'corroborated' },
      {},
      {},
      {},
    ]);
    await end();
    expect(await rows()).toEqual(before);
  });

  test.each([
    ['full', true],
    ['hash', false],
    ['none', false],
  ] as const)('retention %s: texts are retained: %s', async (retention, retained) => {
    const task = `retains-${retention}`;
    await applyPolicies(database.pool, [storedPolicy(task, { retention })]);
    const query = await started(database.pool, task);
    const attemptId = await attempted(database.pool, query, {}, { retention });
    expect(await textRows('open_texts', query)).toEqual(['request', attemptId]);
    await ended(database.pool, query, servedBy(attemptId), { retention });
    expect(await textRows('open_texts', query)).toEqual([]);
    expect(await textRows('texts', query)).toEqual(retained ? ['request', attemptId] : []);
    const texts = await readTexts(database.pool, null, query);
    expect(texts.get(attemptId)).toEqual(retained ? closeOf(query, attemptId).response!.kept : undefined);
    const hashes = [
      ...(await column('queries', 'request_sha256', query)),
      ...(await column('attempts', 'response_sha256', query)),
    ];
    expect(hashes).toEqual(
      retention === 'none'
        ? [null, null]
        : [requestHash(requestOf(task)), createHash('sha256').update('It is 42.').digest('hex')],
    );
  });

  test('a query whose end fails keeps its texts', async () => {
    const query = await started(database.pool, 'task');
    // A confidence that no column takes fails the transaction at its second statement.
    const end = ended(database.pool, query, null, { served: servedBy(randomUUID(), { confidence: 2 }) });
    await expect(end).rejects.toThrow(/queries_confidence_check|violates check/);
    expect(await column('queries', 'status', query)).toEqual(['running']);
    expect(await textRows('open_texts', query)).toEqual(['request']);
  });

  test.each(['full', 'none'] as const)(
    'retention %s: a late close after the end leaves no text behind, and its cost is kept',
    async (retention) => {
      const query = await started(database.pool, 'task');
      const attemptId = await opened(database.pool, query);
      await ended(database.pool, query, null, { retention });
      await closeAttempt(database.pool, null, closeOf(query, attemptId, { retention }));
      expect(await statuses(query)).toEqual(['1 succeeded']);
      expect(await textRows('open_texts', query)).toEqual([]);
      expect(await textRows('texts', query)).toEqual(retention === 'full' ? ['request'] : []);
    },
  );

  test('a close that races the end leaves no text behind', async () => {
    const queries = await Promise.all(Array.from({ length: 10 }, () => started(database.pool, 'task')));
    await Promise.all(
      queries.map(async (query) => {
        const attemptId = await opened(database.pool, query);
        await Promise.all([
          closeAttempt(database.pool, null, closeOf(query, attemptId)),
          ended(database.pool, query, null, { retention: 'none' }),
        ]);
      }),
    );
    for (const query of queries) {
      expect(await statuses(query)).toEqual(['1 succeeded']);
      expect(await textRows('open_texts', query)).toEqual([]);
    }
  });
});

describe('sealed texts', () => {
  /** Not encryption: bytes that differ from the plain ones and are bound to their context. */
  const sealer: Sealer = {
    seal: (bytes, context) => Buffer.concat([Buffer.from(`${context}\n`), flip(bytes)]),
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      const prefix = `${context}\n`;
      if (bytes.subarray(0, prefix.length).toString() !== prefix) throw new Error('wrong context');
      return flip(bytes.subarray(prefix.length));
    },
  };
  const flip = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte) => byte ^ 0xff);

  test('are no plain text at rest, running or ended, and are bound to query and item', async () => {
    const query = await started(database.pool, 'task', { sealer });
    const attemptId = await opened(database.pool, query);
    await closeAttempt(database.pool, sealer, closeOf(query, attemptId));
    for (const table of ['open_texts', 'texts'] as const) {
      if (table === 'texts') await ended(database.pool, query, servedBy(attemptId));
      const { rows } = await database.pool.query<{ item: string; content: Buffer; sealed: boolean }>(
        `select item, content, sealed from ${table} where query_id = $1`,
        [query.queryId],
      );
      expect(rows).toHaveLength(2);
      for (const { item, content, sealed } of rows) {
        expect(sealed).toBe(true);
        expect(content.toString('latin1')).not.toMatch(/six times|It is 42/);
        expect(content.toString('latin1').split('\n')[0]).toBe(`${query.queryId}/${item}`);
      }
      const texts = await readTexts(database.pool, sealer, query);
      expect(texts.get(attemptId)).toEqual(closeOf(query, attemptId).response!.kept);
    }
    await expect(readTexts(database.pool, null, query)).rejects.toThrow(/ESCALIER_PAYLOAD_KEY/);
  });

  test('a text that was moved to another item is refused', async () => {
    const query = await started(database.pool, 'task', { sealer });
    await database.pool.query(`update open_texts set item = 'moved' where query_id = $1`, [query.queryId]);
    await expect(readTexts(database.pool, sealer, query)).rejects.toThrow('wrong context');
  });

  test('texts from before a key was configured stay readable', async () => {
    const query = await started(database.pool, 'task');
    expect((await readTexts(database.pool, sealer, query)).has('request')).toBe(true);
  });
});

describe('applyPolicies', () => {
  test('the same content makes no new version, in whatever order its keys stand', async () => {
    const policy = storedPolicy('applied');
    const reversed = Object.fromEntries(Object.entries(policy).reverse()) as unknown as typeof policy;
    expect(await applyPolicies(database.pool, [policy])).toEqual([
      { task: 'applied', version: 1, changed: true },
    ]);
    expect(await applyPolicies(database.pool, [reversed])).toEqual([
      { task: 'applied', version: 1, changed: false },
    ]);
    const other = storedPolicy('applied', { retention: 'none' });
    expect(await applyPolicies(database.pool, [other])).toEqual([
      { task: 'applied', version: 2, changed: true },
    ]);
    expect(await applyPolicies(database.pool, [policy])).toEqual([
      { task: 'applied', version: 3, changed: true },
    ]);
    const versions = await listPolicies(database.pool, 'applied');
    expect(versions.map(({ version, current }) => [version, current])).toEqual([
      [3, true],
      [2, false],
      [1, false],
    ]);
    expect(versions[1]).toMatchObject({ task: 'applied', policy: other });
    expect(versions[1]!.createdAt).toBeInstanceOf(Date);
    expect((await listPolicies(database.pool)).map(({ task }) => task)).toContain('task');
  });

  test('two appliers at once make one version, and different content two', async () => {
    const both = ['left', 'right'].map((task) => storedPolicy(task));
    const applied = await Promise.all([
      applyPolicies(database.pool, both),
      applyPolicies(database.pool, [...both].reverse()),
    ]);
    expect(applied.flat().map(({ version }) => version)).toEqual([1, 1, 1, 1]);
    expect(applied.flat().filter(({ changed }) => changed)).toHaveLength(2);
    await Promise.all(
      [0.7, 0.8].map((threshold) =>
        applyPolicies(database.pool, [storedPolicy('left', { thresholds: [threshold] })]),
      ),
    );
    expect((await listPolicies(database.pool, 'left')).map(({ version }) => version)).toEqual([3, 2, 1]);
  });

  test('all or none', async () => {
    const wrong = { ...storedPolicy('none-b'), retention: '\0' as never };
    await expect(applyPolicies(database.pool, [storedPolicy('none-a'), wrong])).rejects.toThrow();
    expect(await listPolicies(database.pool, 'none-a')).toEqual([]);
  });
});

describe('labelAttempt', () => {
  test('a source has one label per attempt; another source has its own', async () => {
    const query = await started(database.pool, 'task');
    const attemptId = await attempted(database.pool, query, {});
    const label = { ...query, attemptId };
    await labelAttempt(database.pool, { ...label, correct: false, source: 'reference' });
    await labelAttempt(database.pool, { ...label, correct: true, source: 'reference' });
    await labelAttempt(database.pool, { ...label, correct: false, source: 'reviewer' });
    const { rows } = await database.pool.query(
      'select source, correct from labels where query_id = $1 order by source',
      [query.queryId],
    );
    expect(rows).toEqual([
      { source: 'reference', correct: true },
      { source: 'reviewer', correct: false },
    ]);
  });

  test('an attempt that is not of the query is refused', async () => {
    const query = await started(database.pool, 'task');
    const other = await started(database.pool, 'task');
    const attemptId = await attempted(database.pool, query, {});
    await expect(
      labelAttempt(database.pool, { ...other, attemptId, correct: true, source: 'reference' }),
    ).rejects.toThrow(/no such attempt of query/);
  });
});

describe('money', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 23n });

  test('twelve decimals come back exactly, and sums in SQL are the sums of the bigints', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ low: amount, more: fc.option(amount) }), { minLength: 1, maxLength: 6 }),
        async (costs) => {
          const spends = costs.map(({ low, more }) => ({ low, high: more === null ? null : low + more }));
          const query = await started(database.pool, 'task');
          for (const [stage, cost] of spends.entries()) {
            await attempted(database.pool, query, { stage, worstCaseUsd: null }, { cost });
          }
          const attempts = await attemptsOfQuery(database.pool, query);
          expect(attempts.map(({ costLowUsd, costHighUsd }) => [costLowUsd, costHighUsd])).toEqual(
            spends.map(({ low, high }) => [formatUsd(low), high === null ? null : formatUsd(high)]),
          );
          const { rows } = await database.pool.query<{ low: string; high: string; known: string }>(
            `select sum(cost_low_usd)::text as low, coalesce(sum(cost_high_usd), 0)::text as high,
               coalesce(sum(cost_usd), 0)::text as known
             from attempts where query_id = $1`,
            [query.queryId],
          );
          const sum = (parts: bigint[]): bigint => parts.reduce((a, b) => a + b, 0n);
          expect(parseUsd(rows[0]!.low)).toBe(sum(spends.map(({ low }) => low)));
          expect(parseUsd(rows[0]!.high)).toBe(sum(spends.map(({ high }) => high ?? 0n)));
          expect(parseUsd(rows[0]!.known)).toBe(
            sum(spends.filter(({ low, high }) => low === high).map(({ low }) => low)),
          );
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('the database', () => {
  test('a connection that is lost in a transaction fails it, and nothing else', async () => {
    const lost = inTransaction(database.pool, async (db) => {
      const { rows } = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
      // Not `events.once`: it would listen to the connection's errors itself.
      const closed = new Promise<void>((resolve) => {
        db.once('end', () => {
          resolve();
        });
      });
      await database.pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
      await closed;
      await db.query('select 1');
    });
    await expect(lost).rejects.toThrow(/not queryable/);
    await expect(inTransaction(database.pool, (db) => db.query('select 1'))).resolves.toBeDefined();
  });

  test('the message for one that cannot be reached names the place, and no password', async () => {
    const url = 'postgres://user:pa:ss%40word@127.0.0.1:1/ledger?password=pass2word';
    const pool = openDatabase({ url });
    const error = await requireDatabase(pool, url).catch((caught: unknown) => String(caught));
    await pool.end();
    expect(error).toContain('postgres://127.0.0.1:1/ledger');
    expect(error).not.toMatch(/pa:|word/);
  });
});
