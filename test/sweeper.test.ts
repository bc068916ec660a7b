import { randomUUID } from 'node:crypto';
import { ScheduleOverlapPolicy, type WorkflowHandle } from '@temporalio/client';
import { afterAll, describe, expect, test } from 'vitest';
import type { Retention } from '../core/policy.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { startQuery } from '../ledger/start-query.ts';
import { sweepScheduleId } from '../worker/sweep-schedule.ts';
import type { SweepSummary } from '../workflows/sweep.ts';
import {
  answered,
  chainOf,
  eventually,
  hanging,
  held,
  localScorer,
  messages,
  policyOf,
  queryOf,
  rowsOf,
  scripted,
  useWorld,
} from './support/world.ts';

const world = useWorld();
const rejects = localScorer('constant', { confidence: 0 });

async function sweep(): Promise<SweepSummary> {
  return (await world.client.workflow.execute('sweep', {
    taskQueue: world.taskQueue,
    workflowId: `escalier-sweep-${randomUUID()}`,
  })) as SweepSummary;
}

async function expireAttempts(workflowId: string): Promise<void> {
  await world.database.pool.query(
    `update attempts set expires_at = now() - interval '1 s' where workflow_id = $1 and status = 'started'`,
    [workflowId],
  );
}

async function textsLeft(workflowId: string): Promise<number> {
  const { rows } = await world.database.pool.query<{ n: number }>(
    'select count(*)::int as n from open_texts join queries using (query_id) where workflow_id = $1',
    [workflowId],
  );
  return rows[0]!.n;
}

describe('a query whose workflow is over is ended, and its prompt is gone', () => {
  test('terminated; its open attempt follows when its time is over, and a late close wins', async () => {
    const { vendor, release } = held();
    await world.apply(policyOf('terminated', { retention: 'hash' }));
    world.vendor = scripted({ small: [vendor] });
    const handle = await world.start('terminated');
    await world.arrived('small');
    expect(await sweep()).toMatchObject({ orphaned: 0, looked: 1, ended: 0, next: null });
    await handle.terminate();
    const summaries = await Promise.all([sweep(), sweep()]);
    expect(summaries.reduce((sum, { ended }) => sum + ended, 0)).toBe(1);
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({
      status: 'ended',
      outcome: 'cancelled',
      accepted: false,
      failure_message: 'its workflow was terminated in Temporal',
    });
    expect(await textsLeft(handle.workflowId)).toBe(0);
    // The worker hears of it with a heartbeat, and closes the row itself; here it answers first, after it was orphaned.
    await expireAttempts(handle.workflowId);
    await sweep();
    release(answered('42'));
    const [row] = await eventually(async () => {
      const rows = await rowsOf(world.database.pool, handle.workflowId);
      return rows[0]?.status === 'orphaned' || rows[0]?.status === 'started' ? null : rows;
    });
    expect(row).toMatchObject({ verdict: null });
    expect(['succeeded', 'cancelled']).toContain(row!.status);
  });

  test('gone from Temporal', async () => {
    await world.apply(policyOf('gone', { retention: 'hash' }));
    // A workflow that Temporal has deleted looks like one that it never had; deleting takes it half a minute.
    const workflowId = `test/${randomUUID()}`;
    const run = { namespace: 'default', workflowId, runId: randomUUID() };
    await startQuery(world.database.pool, null, run, { task: 'gone', messages });
    expect(await textsLeft(workflowId)).toBe(1);
    expect(await sweep()).toMatchObject({ ended: 1 });
    expect(await queryOf(world.database.pool, workflowId)).toMatchObject({
      outcome: 'failed',
      failure_message: 'its workflow is gone from Temporal: deleted, or past retention',
    });
    expect(await textsLeft(workflowId)).toBe(0);
  });

  test('a workflow of another type that took its key keeps no other query from being swept', async () => {
    await world.apply(policyOf('taken', { retention: 'hash' }));
    const lost = async () => {
      const run = { namespace: 'default', workflowId: `test/${randomUUID()}`, runId: randomUUID() };
      await startQuery(world.database.pool, null, run, { task: 'taken', messages });
      return run.workflowId;
    };
    const taken = await lost();
    const gone = await lost();
    await world.client.workflow.execute('sweep', { taskQueue: world.taskQueue, workflowId: taken });
    await sweep();
    for (const [workflowId, message] of [
      [taken, 'its workflow completed without ending the query'],
      [gone, 'its workflow is gone from Temporal: deleted, or past retention'],
    ] as const) {
      expect(await queryOf(world.database.pool, workflowId)).toMatchObject({ failure_message: message });
    }
  });

  test('timed out', async () => {
    await world.apply(policyOf('timed-out'));
    world.vendor = hanging();
    const handle = await world.client.workflow.start('cascade', {
      taskQueue: world.taskQueue,
      workflowId: `test/${randomUUID()}`,
      workflowExecutionTimeout: '6 seconds',
      args: [{ task: 'timed-out', messages }],
    });
    await world.arrived('small');
    await eventually(async () => (await handle.describe()).status.name === 'TIMED_OUT');
    expect(await sweep()).toMatchObject({ ended: 1 });
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({
      outcome: 'failed',
      failure_message: 'its workflow ran into its own timeout in Temporal',
    });
  });
});

describe('a query that goes on', () => {
  async function reset(handle: WorkflowHandle): Promise<WorkflowHandle> {
    const { events } = await handle.fetchHistory();
    const tasks = events!.filter((event) => event.workflowTaskCompletedEventAttributes != null);
    const { runId } = await world.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId: (await handle.describe()).runId },
      workflowTaskFinishEventId: tasks.at(-1)!.eventId!,
      requestId: randomUUID(),
      reason: 'test',
    });
    return world.client.workflow.getHandle(handle.workflowId, runId);
  }

  /** Answers, and is reset to behind its last call when the ledger has lost its end. */
  async function resetToEnd(task: string, retention: Retention): Promise<string> {
    const chain = chainOf(['small']);
    await world.apply(policyOf(task, { scorer: rejects, chain, thresholds: [0.5], retention }));
    world.vendor = scripted({ small: [answered('42')] });
    const handle = await world.start(task);
    await handle.result();
    await world.database.pool.query(
      `update queries set status = 'running', outcome = null, ended_at = null, served_attempt_id = null where workflow_id = $1`,
      [handle.workflowId],
    );
    const answer = (await (await reset(handle)).result()) as CascadeAnswer;
    expect(answer).toMatchObject({ outcome: 'last-stage', answer: '42' });
    expect(world.asked()).toEqual(['small']);
    return handle.workflowId;
  }

  test('is left alone when it was reset, also to behind its last call, where no row names its run', async () => {
    // Without texts it is the workflow that ends the query.
    const workflowId = await resetToEnd('reset-to-end', 'none');
    expect(await queryOf(world.database.pool, workflowId)).toMatchObject({ outcome: 'last-stage' });
  });

  test('is ended from the result of the run that was reset, where its last call had ended it', async () => {
    const workflowId = await resetToEnd('reset-behind-end', 'full');
    expect(await queryOf(world.database.pool, workflowId)).toMatchObject({ status: 'running' });
    await sweep();
    expect(await queryOf(world.database.pool, workflowId)).toMatchObject({ outcome: 'last-stage' });
  });

  test('after it was ended by a sweep and its key is asked again, it is answered, and swept no more', async () => {
    await world.apply(policyOf('again'));
    world.vendor = hanging();
    const handle = await world.start('again');
    await world.arrived('small');
    await handle.terminate();
    await sweep();
    world.vendor = scripted({ small: [answered('42')], medium: [answered('42')] });
    const answer = await world.ask('again', { id: handle.workflowId });
    expect(answer).toMatchObject({ outcome: 'accepted' });
    await sweep();
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({ outcome: 'accepted' });
  });
});

describe('the schedule', () => {
  const scheduleId = sweepScheduleId(world.taskQueue);

  afterAll(async () => {
    await world.client.schedule.getHandle(scheduleId).delete();
  });

  test('is made once by workers that start at once, fires, mends what differs, and stays paused', async () => {
    const workers = await Promise.all([1, 2].map(() => world.startWorker({ sweeper: true })));
    const schedule = world.client.schedule.getHandle(scheduleId);
    const made = await schedule.describe();
    expect(made.policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });

    await schedule.trigger();
    const first = await eventually(async () => (await schedule.describe()).info.recentActions[0]);
    const { workflowId } = first.action.workflow;
    expect(workflowId).toContain('escalier-sweep-');
    expect(await world.client.workflow.getHandle(workflowId).result()).toMatchObject({
      orphaned: 0,
      next: null,
    });

    // Another worker changes nothing …
    workers.push(await world.startWorker({ sweeper: true }));
    expect((await schedule.describe()).info.lastUpdatedAt).toEqual(made.info.lastUpdatedAt);
    // … unless something differs.
    await schedule.update((previous) => ({
      ...previous,
      policies: { ...previous.policies, overlap: ScheduleOverlapPolicy.ALLOW_ALL },
      state: { ...previous.state, paused: true },
    }));
    workers.push(await world.startWorker({ sweeper: true }));
    const mended = await schedule.describe();
    expect(mended.policies.overlap).toBe('SKIP');
    expect(mended.state.paused).toBe(true);
    await Promise.all(workers.map((worker) => worker.stop()));
  });
});
