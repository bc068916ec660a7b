import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { CascadeAnswer } from '../core/result.ts';
import {
  answered,
  chainOf,
  eventually,
  failed,
  failureOf,
  hanging,
  held,
  JUDGE,
  localScorer,
  policyOf,
  queryOf,
  rowsOf,
  scripted,
  useWorld,
} from './support/world.ts';

const world = useWorld();
const rejects = localScorer('constant', { confidence: 0 });
const key = (): string => `test/${randomUUID()}`;

/** Starts a workflow again from the end of its nth task, from 0: everything after it is forgotten by Temporal. */
async function reset(handle: WorkflowHandle, nth = 0): Promise<WorkflowHandle> {
  const { events } = await handle.fetchHistory();
  const tasks = events!.filter((event) => event.workflowTaskCompletedEventAttributes != null);
  const { runId } = await world.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId: (await handle.describe()).runId },
    workflowTaskFinishEventId: tasks[nth]!.eventId!,
    requestId: randomUUID(),
    reason: 'test',
  });
  return world.client.workflow.getHandle(handle.workflowId, runId);
}

test('intent first: when the vendor is asked, the open row is committed under the id that the request carries', async () => {
  const other = new pg.Client({ connectionString: world.database.url });
  await other.connect();
  const seen: unknown[] = [];
  world.vendor = async ({ attemptId }) => {
    const { rows } = await other.query<object>(
      'select status, closed_at, cost_low_usd::float8 as low, cost_high_usd > 0 as bounded from attempts where attempt_id = $1',
      [attemptId],
    );
    seen.push(...rows);
    return answered('42');
  };
  await world.apply(policyOf('intent'));
  await world.ask('intent');
  await other.end();
  const open = { status: 'started', closed_at: null, low: 0, bounded: true };
  expect(seen).toEqual([open, open]);
});

describe('a key is one query', () => {
  test('asked again after its answer, it gives the recorded answer and asks nobody', async () => {
    await world.apply(policyOf('again'));
    const id = key();
    const first = await world.ask('again', { id });
    expect(world.asked()).toEqual(['small', 'medium']);
    const second = await world.ask('again', { id });
    // What the extractor found is not in the ledger; all else is.
    expect({ ...second, answer: first.answer }).toEqual(first);
    expect(world.asked()).toEqual(['small', 'medium']);
    expect(await rowsOf(world.database.pool, id)).toHaveLength(2);
  });

  test.each(['hash', 'none'] as const)(
    'with retention %s the text is gone, and the error says what was paid for it',
    async (retention) => {
      await world.apply(policyOf(`keeps-${retention}`, { retention }));
      const id = key();
      const first = await world.ask(`keeps-${retention}`, { id });
      expect(await failureOf(world.ask(`keeps-${retention}`, { id }))).toMatchObject({
        type: 'escalier.answer-not-retained',
        details: { queryId: first.queryId, costUsd: first.costUsd, attempts: first.attempts },
      });
      expect(world.asked()).toEqual(['small', 'medium']);
      const { rows } = await world.database.pool.query(
        `select item from open_texts where query_id = $1 union all select item from texts where query_id = $1`,
        [first.queryId],
      );
      expect(rows).toEqual([]);
    },
  );

  test('a query that failed goes on where it stopped, and buys no stage twice', async () => {
    await world.apply(policyOf('mended', { scorer: rejects, chain: chainOf(['small', 'medium']) }));
    const id = key();
    world.vendor = scripted({
      small: [answered('41')],
      medium: [failed('authentication'), answered('42')],
    });
    expect(await failureOf(world.ask('mended', { id }))).toMatchObject({ type: 'escalier.failed' });
    const answer = await world.ask('mended', { id });
    expect(answer).toMatchObject({ outcome: 'last-stage', answer: '42', costUsd: '0.00072' });
    expect(world.asked()).toEqual(['small', 'medium', 'medium']);
    expect(answer.attempts.map(({ model, try: nth, status }) => [model, nth, status])).toEqual([
      ['small', 1, 'succeeded'],
      ['medium', 1, 'failed'],
      ['medium', 2, 'succeeded'],
    ]);
    expect(await queryOf(world.database.pool, id)).toMatchObject({
      status: 'ended',
      outcome: 'last-stage',
      failure_message: null,
    });
  });
});

test('pinned: a policy that is applied meanwhile reaches new queries only', async () => {
  await world.apply(policyOf('pinned', { scorer: rejects, chain: chainOf(['small', 'medium']) }));
  const { vendor, release } = held();
  world.vendor = scripted({
    small: [vendor, answered('1')],
    medium: [answered('2')],
    large: [answered('3')],
  });
  const running = await world.start('pinned');
  await world.arrived('small');
  await world.apply(
    policyOf('pinned', { scorer: rejects, chain: chainOf(['small', 'large']), thresholds: [0, 0] }),
  );
  release(answered('1'));
  expect(await running.result()).toMatchObject({ policyVersion: 1, model: 'medium', outcome: 'last-stage' });
  expect(await world.ask('pinned')).toMatchObject({ policyVersion: 2, model: 'small', outcome: 'accepted' });
});

describe('no stage is bought twice', () => {
  test('nor a judgement, when a query is reset to its beginning', async () => {
    await world.apply(policyOf('reset', { scorer: JUDGE, chain: chainOf(['small', 'medium']) }));
    world.vendor = scripted({
      small: [answered('41')],
      judge: [answered('Grade: 2')],
      medium: [hanging(), answered('42')],
    });
    const handle = await world.start('reset');
    await world.arrived('medium');
    const again = await reset(handle);
    const answer = (await again.result()) as CascadeAnswer;
    expect(answer).toMatchObject({ outcome: 'last-stage', answer: '42' });
    expect(world.asked()).toEqual(['small', 'judge', 'medium', 'medium']);
    const rows = await eventually(async () => {
      const all = await rowsOf(world.database.pool, handle.workflowId);
      // The first request to medium is aborted when its worker hears that nobody waits for it.
      return all.some((row) => row.status === 'cancelled') ? all : null;
    });
    expect(rows.map((row) => [row.model, row.try, row.status])).toEqual([
      ['small', 1, 'succeeded'],
      ['judge', 1, 'succeeded'],
      ['medium', 1, 'cancelled'],
      ['medium', 2, 'succeeded'],
    ]);
  });

  test('when a query is reset that has been answered', async () => {
    await world.apply(policyOf('reset-late'));
    const handle = await world.start('reset-late');
    const answer = (await handle.result()) as CascadeAnswer;
    const again = (await (await reset(handle)).result()) as CascadeAnswer;
    expect(again.attempts).toEqual(answer.attempts);
    expect(world.asked()).toEqual(['small', 'medium']);
  });

  test('when a query is reset past its plan, whose prompt is no longer kept: it says so, and spends nothing', async () => {
    await world.apply(policyOf('reset-hash', { retention: 'hash' }));
    const handle = await world.start('reset-hash');
    const answer = (await handle.result()) as CascadeAnswer;
    // The first task ended by asking small; from the second on, the plan is history.
    const failure = await failureOf((await reset(handle, 1)).result());
    expect(failure).toMatchObject({
      type: 'escalier.answer-not-retained',
      details: { costUsd: answer.costUsd },
    });
    expect(world.asked()).toEqual(['small', 'medium']);
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({ outcome: 'accepted' });
  });

  test('when its worker stops in the middle and another goes on', async () => {
    const taskQueue = `${world.taskQueue}-handover`;
    await world.apply(policyOf('handover', { scorer: rejects, chain: chainOf(['small', 'medium']) }));
    const { vendor, release } = held();
    world.vendor = scripted({ small: [answered('41')], medium: [vendor, answered('42')] });
    const first = await world.startWorker({ identity: 'first', taskQueue });
    const handle = await world.start('handover', { taskQueue });
    await world.arrived('medium');
    const stopped = first.stop();
    const second = await world.startWorker({ identity: 'second', taskQueue });
    release(failed('connection'));
    await stopped;
    expect(await handle.result()).toMatchObject({ outcome: 'last-stage', answer: '42' });
    await second.stop();
    expect(world.asked()).toEqual(['small', 'medium', 'medium']);
    const rows = await rowsOf(world.database.pool, handle.workflowId);
    expect(rows.map((row) => [row.model, row.worker, row.status])).toEqual([
      ['small', 'first', 'succeeded'],
      ['medium', 'first', 'failed'],
      ['medium', 'second', 'succeeded'],
    ]);
  });
});
