import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { homedir, userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, inject, test } from 'vitest';
import type { AttemptSummary, CascadeAnswer } from '../core/result.ts';
import { cacheFolder } from '../local/data-folder.ts';
import { findInstalledTemporal } from '../local/temporal-binary.ts';
import { record } from './support/recorder.ts';
import {
  answered,
  chainOf,
  eventually,
  failed,
  failureOf,
  held,
  JUDGE,
  localScorer,
  messages,
  policyOf,
  rowsOf,
  scripted,
  useWorld,
} from './support/world.ts';

const world = useWorld();
const run = promisify(execFile);
const accepts = localScorer('constant', { confidence: 1 });

describe('a judge', () => {
  const judged = (task: string) => policyOf(task, { scorer: JUDGE, chain: chainOf(['small', 'medium']) });

  test('is billed with purpose score, in the total, and does not judge the last stage', async () => {
    await world.apply(judged('judged'));
    world.vendor = scripted({
      small: [answered('41')],
      judge: [answered('Grade: 2')],
      medium: [answered('42')],
    });
    const handle = await world.start('judged');
    const answer = (await handle.result()) as CascadeAnswer;
    // judge: 100 × $2 + 10 × $4 per Mtok.
    expect(answer).toMatchObject({ outcome: 'last-stage', answer: '42', costUsd: '0.00096' });
    expect(
      answer.attempts.map(({ purpose, stage, model, costUsd, confidence, verdict }) => ({
        purpose,
        stage,
        model,
        costUsd,
        confidence,
        verdict,
      })),
    ).toEqual([
      {
        purpose: 'serve',
        stage: 0,
        model: 'small',
        costUsd: '0.00012',
        confidence: 0.2,
        verdict: 'rejected',
      },
      { purpose: 'score', stage: 0, model: 'judge', costUsd: '0.00024', confidence: null, verdict: null },
      {
        purpose: 'serve',
        stage: 1,
        model: 'medium',
        costUsd: '0.0006',
        confidence: null,
        verdict: 'accepted',
      },
    ]);
    expect(world.asked()).toEqual(['small', 'judge', 'medium']);
    await record('judge', handle);
  });

  test('that fails, or that gives no grade, leaves the response unscored, and the cascade climbs on', async () => {
    await world.apply(judged('unjudged'));
    for (const reply of [failed('refusal'), answered('I would rather not say.')]) {
      world.requests.length = 0;
      world.vendor = scripted({ small: [answered('41')], judge: [reply], medium: [answered('42')] });
      const answer = await world.ask('unjudged');
      expect(answer).toMatchObject({ outcome: 'last-stage', model: 'medium' });
      expect(answer.attempts).toMatchObject([
        { model: 'small', confidence: null },
        { model: 'judge', purpose: 'score' },
        { model: 'medium' },
      ]);
      expect(world.asked()).toEqual(['small', 'judge', 'medium']);
    }
  });

  test('is retried like any call', async () => {
    await world.apply(judged('patient'));
    world.vendor = scripted({
      small: [answered('42')],
      judge: [failed('server-error'), answered('Grade: 9')],
    });
    const answer = await world.ask('patient');
    expect(answer).toMatchObject({ outcome: 'accepted', confidence: 0.9, costUsd: '0.00036' });
    expect(answer.attempts.map(({ model, try: nth }) => `${model} ${nth}`)).toEqual([
      'small 1',
      'judge 1',
      'judge 2',
    ]);
  });

  test('with a wrong key fails the query, with what it has cost', async () => {
    await world.apply(judged('misjudged'));
    world.vendor = scripted({ small: [answered('41')], judge: [failed('authentication')] });
    expect(await failureOf(world.ask('misjudged'))).toMatchObject({
      type: 'escalier.failed',
      details: { costUsd: '0.00012', attempts: [{ model: 'small' }, { model: 'judge' }] },
    });
    expect(world.asked()).toEqual(['small', 'judge']);
  });
});

describe('what an engineer sees', () => {
  test('the query handler tells of a running query, and of one that has ended', async () => {
    await world.apply(
      policyOf('watched', { scorer: localScorer('constant'), chain: chainOf(['small', 'medium']) }),
    );
    const { vendor, release } = held();
    world.vendor = scripted({ small: [answered('41')], medium: [vendor] });
    const handle = await world.start('watched');
    await world.arrived('medium');
    expect(await handle.query<AttemptSummary[]>('attempts')).toMatchObject([
      { model: 'small', status: 'succeeded', costUsd: '0.00012', verdict: null },
    ]);
    const running = await currentDetails(handle);
    expect(running).toMatch(/\| 1 \| small \| 41 \| 0% \| 60% \| \$0\.0001200 \| not sure enough \|/);
    expect(running).toMatch(/\| 2 \| medium \|.*\| asking \|/);

    release(answered('42'));
    await handle.result();
    expect(await handle.query<AttemptSummary[]>('attempts')).toMatchObject([
      { model: 'small', verdict: 'rejected' },
      { model: 'medium', verdict: 'accepted' },
    ]);
    const ended = await currentDetails(handle);
    expect(ended).toContain('last-stage');
    expect(ended).toMatch(/\| 2 \| medium \| 42 \|.*\| served \|/);
  });

  test.each([
    ['full', []],
    // Where no text is left behind the end, it is not the last call's.
    ['none', ['end · accepted']],
  ] as const)('every activity says in the history what it was for (texts: %s)', async (retention, end) => {
    await world.apply(policyOf('summed', { retention }));
    const handle = await world.start('summed');
    await handle.result();
    const { events } = await handle.fetchHistory();
    const summaries = events!.flatMap(({ userMetadata }) =>
      userMetadata?.summary ? [defaultPayloadConverter.fromPayload<string>(userMetadata.summary)] : [],
    );
    expect(summaries).toEqual([
      'plan · summed',
      'stage 1 · small · scored by agreement',
      'stage 2 · medium · scored by agreement',
      ...end,
    ]);
  });

  test('a query is found by task, outcome, model and cost', async () => {
    const task = `found-${randomUUID()}`;
    await world.apply(policyOf(task));
    const handle = await world.start(task);
    await handle.result();
    const found = await eventually(async () => {
      const query = `EscalierTask = '${task}' and EscalierOutcome = 'accepted' and EscalierModel = 'small' and EscalierCostMicroUsd = 720`;
      for await (const execution of world.client.workflow.list({ query })) return execution.workflowId;
      return null;
    });
    expect(found).toBe(handle.workflowId);
  });

  test('an error is found too', async () => {
    const task = `lost-${randomUUID()}`;
    await world.apply(policyOf(task, { chain: chainOf(['small']) }));
    world.vendor = () => failed('authentication');
    const handle = await world.start(task);
    await failureOf(handle.result());
    expect((await handle.describe()).typedSearchAttributes.getAll()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ value: 'failed' }) as unknown,
        expect.objectContaining({ value: 0 }) as unknown,
      ]),
    );
  });
});

describe('any client of Temporal can ask', () => {
  test('the temporal command line, with plain JSON', async () => {
    await world.apply(policyOf('from-cli', { scorer: accepts }));
    const temporal = await findInstalledTemporal({
      env: process.env,
      cacheFolder: cacheFolder({ env: process.env, uid: userInfo().uid, home: homedir() }),
    });
    const { stdout } = await run(temporal!, [
      ...['workflow', 'execute', '--type', 'cascade', '--task-queue', world.taskQueue],
      ...['--workflow-id', `test/${randomUUID()}`, '--input', JSON.stringify({ task: 'from-cli', messages })],
      ...['--address', inject('temporalAddress'), '--output', 'json'],
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'COMPLETED',
      result: { outcome: 'accepted', text: '42', costUsd: '0.00012' },
    });
  });

  const python = process.env['ESCALIER_PYTHON'];
  test.skipIf(python === undefined)(
    'Python, with Temporal’s SDK alone (set ESCALIER_PYTHON to a python that has temporalio)',
    async () => {
      await world.apply(policyOf('from-python', { scorer: accepts }));
      const key = `test/${randomUUID()}`;
      const ask = async (): Promise<unknown> => {
        const { stdout } = await run(python!, [
          ...[
            'examples/python/ask.py',
            '--address',
            inject('temporalAddress'),
            '--task-queue',
            world.taskQueue,
          ],
          ...['--task', 'from-python', '--key', key, 'What is six times seven?'],
        ]);
        return JSON.parse(stdout);
      };
      expect(await ask()).toMatchObject({ outcome: 'accepted', text: '42' });
      expect(await ask()).toMatchObject({ outcome: 'accepted', text: '42' });
      expect(await rowsOf(world.database.pool, key)).toHaveLength(1);
    },
  );
});

async function currentDetails(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails;
}
