import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { reviewGiveCommand, reviewWaitingCommand } from '../cli/commands/review-give.ts';
import { BadRequestError, Escalier } from '../client/index.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { fakeContext } from './support/cli-stack.ts';
import { record } from './support/recorder.ts';
import {
  answered,
  chainOf,
  eventually,
  failed,
  failureOf,
  localScorer,
  policyOf,
  queryOf,
  rowsOf,
  scripted,
  useWorld,
  type AttemptRow,
} from './support/world.ts';

const world = useWorld();
/** Two models that do not agree, so that nobody is sure. */
const unsure = { chain: chainOf(['small', 'large']), scorer: localScorer('constant', { confidence: 0.3 }) };
const disagree = scripted({ small: [answered('41')], large: [answered('42')] });
const reviewed = { ...unsure, review: { timeoutMs: 600_000 } };
let connection: Connection;
let escalier: Escalier;

beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
  escalier = new Escalier({ connection, taskQueue: world.taskQueue });
});
afterAll(async () => {
  await escalier.close();
  await connection.close();
});

/** Waits until a person is asked: their attempt's row is open. */
async function asked(workflowId: string): Promise<AttemptRow> {
  return eventually(async () =>
    (await rowsOf(world.database.pool, workflowId)).find(
      ({ model, status }) => model === 'review' && status === 'started',
    ),
  );
}

async function labels(queryId: string): Promise<string[]> {
  const { rows } = await world.database.pool.query<{ label: string }>(
    `select a.model || case when l.correct then ' right' else ' wrong' end || ' says ' || l.source as label
     from labels l join attempts a using (query_started_at, attempt_id)
     where l.query_id = $1 and l.source_kind = 'person' order by a.stage`,
    [queryId],
  );
  return rows.map(({ label }) => label);
}

describe('a person as the last stage', () => {
  test('gives the answer that is served, and kept; it labels what the models said', async () => {
    await world.apply(policyOf('answers', reviewed));
    world.vendor = disagree;
    const handle = await world.start('answers');
    await asked(handle.workflowId);
    await escalier.review(handle.workflowId, { answer: 'It is 41.', source: 'ada' });
    const answer = (await handle.result()) as CascadeAnswer;
    expect(answer).toMatchObject({
      outcome: 'last-stage',
      accepted: true,
      text: 'It is 41.',
      answer: '41',
      model: 'review',
      stage: 2,
      confidence: null,
      // 100 tokens in and 10 out: $0.00012 and $0.006.
      costUsd: '0.00612',
    });
    expect(answer.attempts.map(({ model, status, verdict }) => [model, status, verdict])).toEqual([
      ['small', 'succeeded', 'corroborated'],
      ['large', 'succeeded', 'rejected'],
      ['review', 'succeeded', 'accepted'],
    ]);
    expect(await labels(answer.queryId)).toEqual([
      'small right says ada',
      'large wrong says ada',
      'review right says ada',
    ]);
    const again = await world.ask('answers', { id: handle.workflowId });
    expect(again).toEqual(answer);
    await record('review-answered', handle);
  });

  test('judges the proposed answer, which is served', async () => {
    await world.apply(policyOf('judges', reviewed));
    world.vendor = disagree;
    const handle = await world.start('judges');
    await asked(handle.workflowId);
    const cli = fakeContext(
      { DATABASE_URL: world.database.url, TEMPORAL_ADDRESS: inject('temporalAddress') },
      { json: true },
    );
    await reviewWaitingCommand(cli, { task: 'judges' });
    expect(JSON.parse(cli.printed[0]!)).toMatchObject({
      waiting: [
        {
          key: handle.workflowId,
          messages: [{ role: 'user' }],
          responses: [
            { model: 'small', answer: '41' },
            { model: 'large', answer: '42' },
          ],
        },
      ],
    });
    await reviewGiveCommand(cli, handle.workflowId, { correct: true, source: 'ada' });
    const answer = (await handle.result()) as CascadeAnswer;
    expect(answer).toMatchObject({ outcome: 'last-stage', text: '42', model: 'large', answer: '42' });
    expect(await labels(answer.queryId)).toEqual(['small wrong says ada', 'large right says ada']);
  });

  test('who says nothing in time: the best answer so far is served', async () => {
    await world.apply(policyOf('silent', { ...reviewed, review: { timeoutMs: 300 } }));
    world.vendor = disagree;
    const handle = await world.start('silent');
    const answer = (await handle.result()) as CascadeAnswer;
    expect(answer).toMatchObject({ outcome: 'last-stage', model: 'large', text: '42' });
    expect(answer.attempts.at(-1)).toMatchObject({
      model: 'review',
      status: 'failed',
      failure: 'timeout',
      costUsd: '0',
    });
    await record('review-timeout', handle);
    await expect(escalier.review(handle.workflowId, { correct: true })).rejects.toThrow(BadRequestError);
  });

  test('is not asked where a model was sure', async () => {
    await world.apply(
      policyOf('sure', { ...reviewed, scorer: localScorer('constant', { confidence: 0.9 }) }),
    );
    expect(await world.ask('sure')).toMatchObject({ outcome: 'accepted', model: 'small' });
  });

  test('answers where every model failed', async () => {
    await world.apply(policyOf('alone', reviewed));
    world.vendor = () => failed('bad-request');
    const handle = await world.start('alone');
    await asked(handle.workflowId);
    await expect(escalier.review(handle.workflowId, { correct: true })).rejects.toThrow(
      'there is no answer to judge',
    );
    await escalier.review(handle.workflowId, { answer: '42' });
    expect(await handle.result()).toMatchObject({ outcome: 'last-stage', model: 'review', answer: '42' });
  });
});

describe('the wait', () => {
  test('survives its worker', async () => {
    const taskQueue = `${world.taskQueue}-restart`;
    await world.apply(policyOf('restart', reviewed));
    world.vendor = disagree;
    const first = await world.startWorker({ identity: 'first', taskQueue });
    const handle = await world.start('restart', { taskQueue });
    await asked(handle.workflowId);
    await first.stop();
    const given = escalier.review(handle.workflowId, { answer: '43' });
    const second = await world.startWorker({ identity: 'second', taskQueue });
    await given;
    expect(await handle.result()).toMatchObject({ model: 'review', answer: '43' });
    await second.stop();
    expect(world.asked()).toEqual(['small', 'large']);
  });

  test('refuses what is no word, by name, and goes on', async () => {
    await world.apply(policyOf('refuses', reviewed));
    world.vendor = disagree;
    const handle = await world.start('refuses');
    await asked(handle.workflowId);
    const error = await escalier.review(handle.workflowId, {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadRequestError);
    // As another client might send it.
    await expect(handle.executeUpdate('review', { args: [{ correct: 'yes' }] })).rejects.toMatchObject({
      cause: { type: 'escalier.bad-request' },
    });
    await escalier.review(handle.workflowId, { correct: false });
    expect(await handle.result()).toMatchObject({ model: 'large' });
    await expect(escalier.review(`test/${randomUUID()}`, { correct: true })).rejects.toThrow('does not wait');
  });

  test('ends with a cancel', async () => {
    await world.apply(policyOf('cancels', reviewed));
    world.vendor = disagree;
    const handle = await world.start('cancels');
    await asked(handle.workflowId);
    await handle.signal('cancel');
    expect(await failureOf(handle.result())).toMatchObject({ type: 'escalier.cancelled' });
    expect((await rowsOf(world.database.pool, handle.workflowId)).at(-1)).toMatchObject({
      model: 'review',
      status: 'cancelled',
    });
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({ outcome: 'cancelled' });
  });

  test('is cut by the deadline of the query', async () => {
    await world.apply(policyOf('deadline', { ...reviewed, limits: { maxCostUsd: null, deadlineMs: 8_000 } }));
    world.vendor = disagree;
    const answer = await world.ask('deadline');
    expect(answer).toMatchObject({ outcome: 'last-stage', model: 'large' });
    expect(answer.attempts.at(-1)).toMatchObject({ model: 'review', failure: 'timeout' });
  });
});
