import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { Policy } from '../core/policy.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { record } from './support/recorder.ts';
import {
  answered,
  chainOf,
  failed,
  hanging,
  JUDGE,
  localScorer,
  policyOf,
  rowsOf,
  scripted,
  useWorld,
} from './support/world.ts';

const world = useWorld();
const rejects = localScorer('constant', { confidence: 0 });

const inlinePolicy = (task: string, overrides: Partial<Policy> = {}): Policy =>
  policyOf(task, { execution: 'inline', chain: chainOf(['small', 'medium']), ...overrides });

/** Types of a history's events, without their prefix. */
async function eventsOf(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).map((event) => {
    if (event.markerRecordedEventAttributes != null) return 'marker';
    if (event.activityTaskScheduledEventAttributes != null) return 'activity';
    if (event.timerStartedEventAttributes != null) return 'timer';
    if (event.workflowTaskCompletedEventAttributes != null) return 'task';
    return '';
  });
}

test('two stages are one workflow task with one marker: planning climbs, and ends the query', async () => {
  await world.apply(inlinePolicy('one-task'));
  world.vendor = scripted({ small: [answered('42')], medium: [answered('42')] });
  const handle = await world.start('one-task');
  const answer = (await handle.result()) as CascadeAnswer;
  expect(answer).toMatchObject({ outcome: 'accepted', answer: '42', stage: 0, costUsd: '0.00072' });
  expect(answer.attempts.map(({ confidence }) => confidence)).toEqual([0.5, expect.closeTo(2 / 3)]);
  const events = await eventsOf(handle);
  expect(events.filter((event) => event !== '')).toEqual(['task', 'marker']);
  expect(events.length).toBe(7);
  await record('inline', handle);
});

test('a request that may be tried again is tried again as an ordinary activity, and each has its row', async () => {
  await world.apply(inlinePolicy('retried', { scorer: rejects }));
  world.vendor = scripted({
    small: [answered('41')],
    medium: [failed('server-error'), failed('rate-limited'), answered('42')],
  });
  const handle = await world.start('retried');
  expect(await handle.result()).toMatchObject({ outcome: 'last-stage', answer: '42' });
  const rows = await rowsOf(world.database.pool, handle.workflowId);
  expect(rows.map((row) => [row.model, row.try, row.status])).toEqual([
    ['small', 1, 'succeeded'],
    ['medium', 1, 'failed'],
    ['medium', 2, 'failed'],
    ['medium', 3, 'succeeded'],
  ]);
  expect((await eventsOf(handle)).filter((event) => event === 'timer' || event === 'activity')).toEqual([
    'timer',
    'activity',
  ]);
  await record('inline-with-retry', handle);
});

test('the limit on tries is one, however they are made', async () => {
  await world.apply(inlinePolicy('limited', { chain: chainOf(['small', 'medium'], { maxAttempts: 2 }) }));
  world.vendor = scripted({ small: [failed('server-error')], medium: [answered('42')] });
  expect(await world.ask('limited')).toMatchObject({ outcome: 'last-stage', answer: '42' });
  expect(world.asked()).toEqual(['small', 'small', 'medium']);
});

test('a failure that is not to be tried again escalates within the task', async () => {
  await world.apply(inlinePolicy('refused'));
  world.vendor = scripted({ small: [failed('refusal')], medium: [answered('42')] });
  const handle = await world.start('refused');
  expect(await handle.result()).toMatchObject({ outcome: 'last-stage', model: 'medium' });
  expect(await eventsOf(handle)).not.toContain('activity');
});

test('a task that keeps no texts is durable: behind its end a lost task would find no answer', async () => {
  await world.apply(inlinePolicy('forgets', { retention: 'none' }));
  world.vendor = scripted({ small: [answered('42')], medium: [answered('42')] });
  const handle = await world.start('forgets');
  expect(await handle.result()).toMatchObject({ outcome: 'accepted', answer: '42' });
  expect((await eventsOf(handle)).filter((event) => event === 'activity')).toHaveLength(2);
});

test('a judge is asked within the task as well', async () => {
  await world.apply(inlinePolicy('judged', { scorer: JUDGE }));
  world.vendor = scripted({ small: [answered('42')], judge: [answered('Grade: 9')] });
  const handle = await world.start('judged');
  expect(await handle.result()).toMatchObject({ outcome: 'accepted', confidence: 0.9, costUsd: '0.00036' });
  expect(await eventsOf(handle)).not.toContain('activity');
});

test('a local activity that is executed again finds its own row, and buys nothing twice', async () => {
  await world.apply(inlinePolicy('twice', { scorer: JUDGE }));
  world.vendor = scripted({
    small: [answered('41')],
    judge: [answered('Grade: 2')],
    // The first ends the task in which all of this was done; a reset to its beginning then does it again.
    medium: [failed('server-error'), hanging(), answered('42')],
  });
  const handle = await world.start('twice');
  await world.arrived('medium', 2);
  const { events } = await handle.fetchHistory();
  const first = events!.find((event) => event.workflowTaskCompletedEventAttributes != null)!;
  const { runId } = await world.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId: (await handle.describe()).runId },
    workflowTaskFinishEventId: first.eventId!,
    requestId: randomUUID(),
    reason: 'test',
  });
  const again = world.client.workflow.getHandle(handle.workflowId, runId);
  expect(await again.result()).toMatchObject({ outcome: 'last-stage', answer: '42' });
  expect(world.asked()).toEqual(['small', 'judge', 'medium', 'medium', 'medium']);
});
