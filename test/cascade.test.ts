import { randomUUID } from 'node:crypto';
import { CancelledFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { FAILURES, type FailureKind } from '../core/failure.ts';
import { parseUsd } from '../core/money.ts';
import { record } from './support/recorder.ts';
import {
  answered,
  chainOf,
  eventually,
  failed,
  failureOf,
  hanging,
  localScorer,
  modelOf,
  policyOf,
  priceOf,
  queryOf,
  rowsOf,
  scripted,
  useWorld,
} from './support/world.ts';

const world = useWorld();
const accepts = localScorer('constant', { confidence: 1 });
const rejects = localScorer('constant', { confidence: 0 });

describe('outcomes', () => {
  test('accepted: the first answer that clears its threshold is served, and no other stage is asked', async () => {
    await world.apply(policyOf('sure', { scorer: accepts }));
    const handle = await world.start('sure');
    expect(await handle.result()).toMatchObject({
      outcome: 'accepted',
      accepted: true,
      text: '42',
      answer: '42',
      model: 'small',
      stage: 0,
      confidence: 1,
      threshold: 0.6,
      costUsd: '0.00012',
    });
    expect(world.asked()).toEqual(['small']);
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({
      status: 'ended',
      outcome: 'accepted',
      accepted: true,
    });
    await record('accepted', handle);
  });

  test('agreement: two cheap models that agree are enough, and the earliest of them is served', async () => {
    await world.apply(policyOf('agree'));
    world.vendor = () => answered('It is 42.');
    const answer = await world.ask('agree');
    expect(answer).toMatchObject({ outcome: 'accepted', accepted: true, text: 'It is 42.', model: 'small' });
    expect(answer.attempts.map((attempt) => [attempt.model, attempt.verdict])).toEqual([
      ['small', 'accepted'],
      ['medium', 'corroborated'],
    ]);
    // small: 100 × $1 + 10 × $2 per Mtok; medium: 100 × $5 + 10 × $10.
    expect(answer.costUsd).toBe('0.00072');
  });

  test('last stage: nothing cleared its threshold, so the dearest model is served', async () => {
    await world.apply(policyOf('climb', { scorer: rejects }));
    world.vendor = scripted({ small: [answered('1')], medium: [answered('2')], large: [answered('3')] });
    const answer = await world.ask('climb');
    expect(answer).toMatchObject({ outcome: 'last-stage', accepted: true, answer: '3', model: 'large' });
    expect(answer.attempts.map((attempt) => attempt.verdict)).toEqual(['rejected', 'rejected', 'accepted']);
  });

  test('a response without an answer is no evidence: the cascade climbs on', async () => {
    await world.apply(policyOf('no-number', { scorer: accepts }));
    world.vendor = scripted({ small: [answered('I do not know.')], medium: [answered('42')] });
    expect(await world.ask('no-number')).toMatchObject({ outcome: 'accepted', model: 'medium' });
  });

  test('budget: what is affordable is served, and the next stage is not asked', async () => {
    await world.apply(
      policyOf('thrifty', { scorer: rejects, limits: { maxCostUsd: '0.05', deadlineMs: null } }),
    );
    const handle = await world.start('thrifty');
    expect(await handle.result()).toMatchObject({ outcome: 'budget', accepted: false, answer: '42' });
    expect(world.asked()).toEqual(['small', 'medium']);
    await record('budget', handle);
  });

  test('budget: a caller may tighten it, and where no call fits it is an error that cost nothing', async () => {
    await world.apply(policyOf('frugal', { limits: { maxCostUsd: '1', deadlineMs: null } }));
    const failure = await failureOf(world.ask('frugal', { request: { maxCostUsd: '0.000001' } }));
    expect(failure).toMatchObject({
      type: 'escalier.budget',
      details: { code: 'budget', costUsd: '0', attempts: [] },
    });
    expect(failure.message).toContain('$0.000001');
    expect(world.asked()).toEqual([]);
  });

  test('budget: retries of unknown cost use it up, and the ledger refuses what could overspend', async () => {
    // A stage's worst case is about $0.0028; the lost first request may have cost as much.
    await world.apply(
      policyOf('lossy', { chain: chainOf(['small']), limits: { maxCostUsd: '0.003', deadlineMs: null } }),
    );
    world.vendor = () => failed('stream-cut', { billed: 'maybe' });
    const failure = await failureOf(world.ask('lossy'));
    expect(failure).toMatchObject({
      type: 'escalier.budget',
      details: { costUsd: null, costLowUsd: '0', attempts: [{ status: 'failed', costUsd: null }] },
    });
    expect(world.asked()).toEqual(['small']);
  });

  test('deadline: the best answer so far is served, and the vendor that hangs is left at the deadline', async () => {
    await world.apply(
      policyOf('hurried', { scorer: rejects, limits: { maxCostUsd: null, deadlineMs: 5_000 } }),
    );
    world.vendor = scripted({ small: [answered('42')], medium: [hanging()] });
    const answer = await world.ask('hurried');
    expect(answer).toMatchObject({ outcome: 'deadline', accepted: false, model: 'small', answer: '42' });
    expect(answer.attempts).toMatchObject([
      { model: 'small', status: 'succeeded' },
      { model: 'medium', status: 'failed', failure: 'timeout', costUsd: null },
    ]);
    expect(world.requests[1]!.timeoutMs).toBeLessThanOrEqual(5_000);
    expect(world.asked()).toEqual(['small', 'medium']);
  });

  test('deadline: without an answer it is an error, and no retry is begun that has no time', async () => {
    await world.apply(policyOf('late', { limits: { maxCostUsd: null, deadlineMs: 60_000 } }));
    world.vendor = hanging();
    const handle = await world.start('late', { request: { deadlineMs: 3_000 } });
    const failure = await failureOf(handle.result());
    expect(failure).toMatchObject({ type: 'escalier.deadline', details: { costLowUsd: '0', costUsd: null } });
    expect(failure.message).toContain('3000 ms');
    expect(world.asked()).toEqual(['small']);
    // Not even a retry that would find the time gone: waiting for it would overshoot the deadline by its interval.
    const { events } = await handle.fetchHistory();
    const started = events!.flatMap((event) => event.activityTaskStartedEventAttributes ?? []);
    expect(started.map((event) => event.attempt)).toEqual([1]);
  });

  test('exhausted: the last stage failed, an earlier answer is served and not called accepted', async () => {
    await world.apply(policyOf('tired', { scorer: rejects, chain: chainOf(['small', 'medium']) }));
    world.vendor = scripted({ small: [answered('42')], medium: [failed('refusal')] });
    expect(await world.ask('tired')).toMatchObject({
      outcome: 'exhausted',
      accepted: false,
      model: 'small',
      attempts: [{ verdict: 'accepted' }, { failure: 'refusal', verdict: null }],
    });
  });

  test('exhausted: without any answer it is an error that says what each stage said', async () => {
    await world.apply(policyOf('hopeless', { chain: chainOf(['small', 'medium']) }));
    world.vendor = scripted({ small: [failed('context-too-long')], medium: [failed('refusal')] });
    const handle = await world.start('hopeless');
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('escalier.exhausted');
    expect(failure.message).toContain('stage 1 (small): the vendor said context-too-long');
    expect(failure.message).toContain('stage 2 (medium): the vendor said refusal');
    expect(failure.details.attempts.map((attempt) => attempt.failure)).toEqual([
      'context-too-long',
      'refusal',
    ]);
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({
      outcome: 'exhausted',
      accepted: false,
      failure_message: failure.message,
    });
  });

  test('failed: a wrong key ends the query at once, with what it has cost', async () => {
    await world.apply(policyOf('locked', { scorer: rejects }));
    world.vendor = scripted({ small: [answered('42')], medium: [failed('authentication')] });
    const failure = await failureOf(world.ask('locked'));
    expect(failure).toMatchObject({
      type: 'escalier.failed',
      details: { code: 'failed', task: 'locked', costUsd: '0.00012' },
    });
    expect(failure.details.attempts).toHaveLength(2);
    expect(world.asked()).toEqual(['small', 'medium']);
  });

  test('failed: a key that is missing on the worker is told before anything is spent, and ends the query', async () => {
    await world.apply(policyOf('keyless'));
    world.problem = 'no key for Vendor: set VENDOR_API_KEY';
    const handle = await world.start('keyless');
    const failure = await failureOf(handle.result());
    expect(failure).toMatchObject({
      type: 'escalier.failed',
      message: world.problem,
      details: { costUsd: '0' },
    });
    expect(world.asked()).toEqual([]);
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({
      status: 'ended',
      outcome: 'failed',
    });
    const { rows } = await world.database.pool.query(
      'select 1 from open_texts join queries using (query_id) where workflow_id = $1',
      [handle.workflowId],
    );
    expect(rows).toEqual([]);
  });
});

describe('a cancel', () => {
  test('by the signal aborts the request, closes its row and tells the caller what was spent', async () => {
    await world.apply(policyOf('signalled', { scorer: rejects }));
    world.vendor = scripted({ small: [answered('42')], medium: [hanging()] });
    const handle = await world.start('signalled');
    await world.arrived('medium');
    await handle.signal('cancel');
    const failure = await failureOf(handle.result());
    expect(failure).toMatchObject({
      type: 'escalier.cancelled',
      details: {
        code: 'cancelled',
        costLowUsd: '0.00012',
        attempts: [{ status: 'succeeded' }, { status: 'cancelled' }],
      },
    });
    expect(await rowsOf(world.database.pool, handle.workflowId)).toMatchObject([
      { status: 'succeeded', verdict: null },
      { status: 'cancelled', closed_at: expect.any(Date) as Date },
    ]);
    expect((await handle.describe()).status.name).toBe('FAILED');
    expect(world.asked()).toEqual(['small', 'medium']);
    await record('cancelled', handle);
  });

  test('by Temporal does the same, and the workflow ends as cancelled', async () => {
    await world.apply(policyOf('cancelled'));
    world.vendor = hanging();
    const handle = await world.start('cancelled');
    await world.arrived('small');
    await handle.cancel();
    await expect(handle.result()).rejects.toSatisfy(
      (error) => error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure,
    );
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(await rowsOf(world.database.pool, handle.workflowId)).toMatchObject([{ status: 'cancelled' }]);
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({ outcome: 'cancelled' });
    // Temporal keeps no details of a cancelled workflow; the query handler still tells what was spent.
    expect(await handle.query('attempts')).toMatchObject([{ model: 'small', status: 'cancelled' }]);
  });

  test('reaches a query that waits for its next retry, for as long as the vendor asked it to', async () => {
    await world.apply(policyOf('waiting'));
    world.vendor = () => failed('rate-limited', { retryAfterMs: 40_000 });
    const handle = await world.start('waiting');
    await eventually(async () => {
      const { raw } = await handle.describe();
      // The delay is the vendor's (Retry-After), not the first second of Temporal's own backoff.
      return Number(raw.pendingActivities?.[0]?.currentRetryInterval?.seconds) === 40;
    });
    await handle.signal('cancel');
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'escalier.cancelled',
      details: { costUsd: '0', attempts: [{ failure: 'rate-limited' }] },
    });
    expect(world.asked()).toEqual(['small']);
  });

  test('wins over a failure that it meets on its way, at the last stage too', async () => {
    await world.apply(policyOf('both', { chain: chainOf(['small']) }));
    world.vendor = (_request, _nth, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve(failed('server-error'));
        });
      });
    const handle = await world.start('both');
    await world.arrived('small');
    await handle.signal('cancel');
    expect((await failureOf(handle.result())).type).toBe('escalier.cancelled');
    expect(await rowsOf(world.database.pool, handle.workflowId)).toMatchObject([{ status: 'failed' }]);
  });

  test('that comes before any worker has looked at the query spends nothing', async () => {
    await world.apply(policyOf('never-mind'));
    const taskQueue = `${world.taskQueue}-later`;
    const handle = await world.start('never-mind', { taskQueue });
    await handle.cancel();
    const worker = await world.startWorker({ taskQueue });
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    await worker.stop();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({ outcome: 'cancelled' });
    expect(world.asked()).toEqual([]);
  });
});

describe('what cannot begin is refused before anything is spent', () => {
  test.each([
    ['no request at all', undefined],
    ['text instead of a request', 'What is six times seven?'],
    ['a request without messages', { task: 'sure' }],
    ['a field that nobody knows', { task: 'sure', messages: [{ role: 'user' }], temprature: 0 }],
    ['a tag that no ledger keeps', { task: 'sure', messages: [{ role: 'user' }], tags: { a: 'b\0c' } }],
    ['a tenant that no ledger keeps', { task: 'sure', messages: [{ role: 'user' }], tenant: '\0' }],
  ])('%s: bad-request', async (_what, request) => {
    await world.apply(policyOf('sure', { scorer: accepts }));
    const failure = await failureOf(
      world.client.workflow.execute('cascade', {
        taskQueue: world.taskQueue,
        workflowId: `test/${randomUUID()}`,
        args: request === undefined ? [] : [request],
      }),
    );
    expect(failure).toMatchObject({
      type: 'escalier.bad-request',
      details: { code: 'bad-request', costUsd: '0', attempts: [] },
    });
    expect(world.asked()).toEqual([]);
  });

  test('a task that was never applied: unknown-task, with those that were', async () => {
    await world.apply(policyOf('sure', { scorer: accepts }));
    const failure = await failureOf(world.ask('shure'));
    expect(failure).toMatchObject({ type: 'escalier.unknown-task', details: { task: 'shure' } });
    expect(failure.message).toContain('sure');
    expect(world.asked()).toEqual([]);
  });

  test('a key that stands for another request: key-conflict', async () => {
    await world.apply(policyOf('sure', { scorer: accepts }));
    const id = `test/${randomUUID()}`;
    await world.ask('sure', { id });
    const failure = await failureOf(world.ask('sure', { id, request: { parameters: { temperature: 1 } } }));
    expect(failure).toMatchObject({ type: 'escalier.key-conflict', details: { costUsd: '0' } });
    expect(failure.message).toContain(id);
    expect(world.asked()).toEqual(['small']);
  });

  test('names that are too long for a summary of Temporal’s do no harm', async () => {
    const task = '好'.repeat(200);
    const chain = [modelOf('模'.repeat(200), priceOf('1', '2'))];
    await world.apply(policyOf(task, { scorer: accepts, chain }));
    expect(await world.ask(task)).toMatchObject({ outcome: 'accepted', task });
  });
});

describe('retries', () => {
  test('a vendor that asks to wait for an hour is not waited for: the next stage is asked', async () => {
    await world.apply(policyOf('used-up', { chain: chainOf(['small', 'medium']) }));
    world.vendor = scripted({
      small: [failed('rate-limited', { retryAfterMs: 3_600_000 })],
      medium: [answered('42')],
    });
    expect(await world.ask('used-up')).toMatchObject({ model: 'medium', answer: '42' });
    expect(world.asked()).toEqual(['small', 'medium']);
  });

  test('a response that Temporal could not carry is paid for, and the next stage is asked', async () => {
    await world.apply(policyOf('endless', { chain: chainOf(['small', 'medium']) }));
    world.vendor = scripted({ small: [answered(`42${' '.repeat(3_000_000)}`)], medium: [answered('42')] });
    const answer = await world.ask('endless');
    expect(answer).toMatchObject({ model: 'medium', answer: '42', costUsd: '0.00072' });
    expect(answer.attempts[0]).toMatchObject({ status: 'failed', failure: 'unknown-response' });
    expect(world.asked()).toEqual(['small', 'medium']);
  });

  test('a request with a value that Postgres refuses is not made, and the next stage is asked', async () => {
    const [small, medium] = chainOf(['small', 'medium']);
    const chain = [small!, { ...medium!, parameters: { service_tier: 'default' } }];
    await world.apply(policyOf('refused-value', { chain }));
    world.vendor = scripted({ small: [answered('42')], medium: [answered('42')] });
    const request = { parameters: { service_tier: 'a\u0000b' } };
    expect(await world.ask('refused-value', { request })).toMatchObject({ model: 'medium' });
    expect(world.asked()).toEqual(['medium']);
  });

  const kinds = Object.keys(FAILURES) as FailureKind[];

  // All kinds at once, each a model of its own: every retry waits about a second in Temporal's timer queue.
  test('a retryable failure makes as many requests as its stage allows, another exactly one, each with a row', async () => {
    const taskQueue = `${world.taskQueue}-kinds`;
    const worker = await world.startWorker({ taskQueue, maxCachedWorkflows: 100 });
    world.vendor = ({ modelId }) => failed(modelId as FailureKind);
    await Promise.all(
      kinds.map(async (kind) => {
        const chain = [modelOf(kind, priceOf('1', '2'), { maxAttempts: 3 })];
        await world.apply(policyOf(kind, { chain }));
        const handle = await world.start(kind, { taskQueue });
        const failure = await failureOf(handle.result());
        const requests = world.requests.filter((request) => request.modelId === kind);
        const rows = await rowsOf(world.database.pool, handle.workflowId);

        expect(requests, kind).toHaveLength(FAILURES[kind] === 'retry' ? 3 : 1);
        expect(rows.map((row) => [row.attempt_id, row.try, row.status, row.failure_kind])).toEqual(
          requests.map((request, i) => [request.attemptId, i + 1, 'failed', kind]),
        );
        expect(failure.details.attempts.map((attempt) => attempt.attemptId)).toEqual(
          rows.map((row) => row.attempt_id),
        );
        expect(failure.type).toBe(FAILURES[kind] === 'abort' ? 'escalier.failed' : 'escalier.exhausted');
      }),
    );
    await worker.stop();
  });

  test('what a failed attempt cost is in the total; the answer, its attempts and the ledger agree exactly', async () => {
    const usage = (answered('') as Extract<ReturnType<typeof answered>, { type: 'answered' }>).usage;
    await world.apply(policyOf('costly', { scorer: localScorer('agreement') }));
    world.vendor = scripted({
      small: [failed('server-error', { usage }), failed('rate-limited'), answered('42')],
      medium: [answered('41')],
      large: [answered('42')],
    });
    const handle = await world.start('costly');
    const answer = (await handle.result()) as Awaited<ReturnType<typeof world.ask>>;
    expect(answer.attempts.map((attempt) => [attempt.model, attempt.try, attempt.costUsd])).toEqual([
      ['small', 1, '0.00012'],
      ['small', 2, '0'],
      ['small', 3, '0.00012'],
      ['medium', 1, '0.0006'],
      ['large', 1, '0.006'],
    ]);
    const sum = (costs: readonly (string | null)[]): bigint =>
      costs.reduce((total, cost) => total + parseUsd(cost!), 0n);
    const rows = await rowsOf(world.database.pool, handle.workflowId);
    expect(parseUsd(answer.costUsd!)).toBe(6_840_000_000n);
    expect(sum(answer.attempts.map((attempt) => attempt.costUsd))).toBe(6_840_000_000n);
    expect(sum(rows.map((row) => row.cost_low_usd))).toBe(6_840_000_000n);
    expect(sum(rows.map((row) => row.cost_high_usd))).toBe(6_840_000_000n);
    const { rows: totals } = await world.database.pool.query<{ total: string }>(
      'select sum(cost_usd)::text as total from attempts where query_id = $1',
      [answer.queryId],
    );
    expect(parseUsd(totals[0]!.total)).toBe(6_840_000_000n);
    await record('escalated-with-retry', handle);
  });

  test('a failure in words that Postgres refuses is kept without them, and is not bought again for ever', async () => {
    await world.apply(policyOf('nul', { chain: chainOf(['small']) }));
    world.vendor = () => failed('refusal', { message: 'no\0pe', requestId: '\0' });
    const handle = await world.start('nul');
    expect((await failureOf(handle.result())).type).toBe('escalier.exhausted');
    expect(await rowsOf(world.database.pool, handle.workflowId)).toMatchObject([
      { status: 'failed', failure_message: 'no\uFFFDpe' },
    ]);
  });
});
