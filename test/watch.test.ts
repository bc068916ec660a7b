import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { qualityCommand } from '../cli/commands/quality.ts';
import type { Policy } from '../core/policy.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { alarmWorkflowId, auditWorkflowId } from '../core/temporal-names.ts';
import type { WatchPolicy } from '../core/watch.ts';
import { latestState, type StoredCertificateState } from '../ledger/certificates.ts';
import { policyArms } from '../ledger/policies.ts';
import { promotePolicy, rollBack, type Promoted } from '../ledger/promotion.ts';
import { lookForShifts } from '../ledger/shift-looks.ts';
import { unwatchedVersions, watchState, watchVersion } from '../ledger/watch.ts';
import type { SweepSummary } from '../workflows/sweep.ts';
import { fakeContext } from './support/cli-stack.ts';
import { certificateOf } from './support/learned.ts';
import { answered, chainOf, failureOf, localScorer, policyOf, scripted, useWorld } from './support/world.ts';

interface Told {
  readonly alarmId: string;
  readonly task: string;
  readonly slice: string;
  readonly action: string;
  readonly message: string;
}

/** What the webhook was sent. It does not take the first alarm. */
const told: Told[] = [];
const webhook = createServer((request, response) => {
  let body = '';
  request.on('data', (part: Buffer) => (body += part.toString()));
  request.on('end', () => {
    told.push(JSON.parse(body) as Told);
    response.writeHead(told.length === 1 ? 503 : 204).end();
  });
});
beforeAll(() => new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve)));
afterAll(() => webhook.close());

const world = useWorld({
  alarmWebhook: () => `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/alarms`,
});

const WATCH: WatchPolicy = {
  maxLoss: 0.02,
  judge: 'last-stage',
  labelWaitMs: 0,
  onSuspect: 'baseline',
  certificateMaxAgeMs: null,
};
const AUTHOR = { by: 'ana', reason: null };

/** Takes whatever the first model says; every query is audited. */
function watched(task: string, watch: Partial<WatchPolicy> = {}): Policy {
  return policyOf(task, {
    chain: chainOf(['small', 'large']),
    thresholds: [0.5, 0.5],
    scorer: localScorer('constant', { confidence: 1 }),
    audit: { share: 1 },
    watch: { ...WATCH, ...watch },
  });
}

/** Sweeps, and waits until its alarms were told: no query is to run beside them. */
async function sweep(): Promise<SweepSummary> {
  const swept = (await world.client.workflow.execute('sweep', {
    taskQueue: world.taskQueue,
    workflowId: `escalier-sweep-${randomUUID()}`,
  })) as SweepSummary;
  for (const id of swept.watched.untold) await world.client.workflow.getHandle(alarmWorkflowId(id)).result();
  return swept;
}

/** More queries and audits like that of an answer. */
async function multiply({ queryId }: CascadeAnswer, times: number): Promise<void> {
  await world.database.pool.query(
    `with ids as (select gen_random_uuid() as id from generate_series(1, $2)), more as (
       insert into queries select (jsonb_populate_record(q, jsonb_build_object('query_id', ids.id))).*
       from queries q, ids where q.query_id = $1)
     insert into audits select (jsonb_populate_record(a, jsonb_build_object('query_id', ids.id))).*
     from audits a, ids where a.query_id = $1`,
    [queryId, times],
  );
}

/** An audited query on whose answer the stages disagree. */
async function disagreed(task: string, tags: Record<string, string> = {}): Promise<CascadeAnswer> {
  world.vendor = scripted({ small: [answered('41')], large: [answered('42')] });
  const answer = await world.ask(task, { request: { tags } });
  // As a sweep would start it, which would also look at it where it is done in time.
  await world.client.workflow.execute('audit', {
    taskQueue: world.taskQueue,
    workflowId: auditWorkflowId(answer.queryId),
    args: [{ queryId: answer.queryId, startedAt: answer.startedAt }],
  });
  return answer;
}

/** Twelve of them. */
async function disagree(task: string, tags: Record<string, string> = {}): Promise<void> {
  await multiply(await disagreed(task, tags), 11);
}

interface Change {
  readonly action: string;
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/** After the first, which is the task's beginning. */
async function changesOf(task: string): Promise<Change[]> {
  const { rows } = await world.database.pool.query<Change>(
    `select action, from_version as "from", to_version as "to", changed_by as by from policy_changes
     where task = $1 order by change_id offset 1`,
    [task],
  );
  return rows;
}

describe('an alarm', () => {
  test('has the baseline serve from the next query on, and is told until somebody hears', async () => {
    await world.apply(watched('falls'));
    await disagree('falls', { topic: 'billing' });
    const swept = (await sweep()).watched;
    expect(swept).toMatchObject({ audits: 12, alarms: 2, expired: 0 });
    expect(swept.untold).toHaveLength(2);
    expect((await sweep()).watched).toEqual({ audits: 0, alarms: 0, expired: 0, untold: [] });
    const [first, ...others] = told.filter(({ alarmId }) => alarmId === told[0]?.alarmId);
    expect(others).toEqual([first]);
    expect(told).toHaveLength(3);
    expect(new Set(told.map(({ slice }) => slice))).toEqual(new Set(['all', 'topic=billing']));
    expect(told.find(({ slice }) => slice === 'all')?.message).toMatch(
      /^the harm of all queries is above 2.0%: 100.0% in \d+ audits, as judged by last-stage \(\d+\)$/,
    );
    world.vendor = () => answered('42');
    world.requests.length = 0;
    expect(await world.ask('falls')).toMatchObject({
      policyVersion: 2,
      model: 'large',
      outcome: 'last-stage',
    });
    expect(world.asked()).toEqual(['large']);
    expect(await changesOf('falls')).toEqual([{ action: 'fallback', from: 1, to: 2, by: 'watch' }]);
    // The settings have not changed: what the alarm put there stays.
    await world.apply(watched('falls'));
    expect((await policyArms(world.database.pool, 'falls'))?.current.version).toBe(2);
    expect(await rollBack(world.database.pool, 'falls', null, AUTHOR)).toMatchObject({ version: 1 });
  });

  test('refuses new queries by name, until somebody lets them go on', async () => {
    await world.apply(watched('stops', { onSuspect: 'stop' }));
    await disagree('stops');
    await sweep();
    const id = `test/${randomUUID()}`;
    const { type, message, details } = await failureOf((await world.start('stops', { id })).result());
    expect(type).toBe('escalier.failed');
    expect(details).toMatchObject({ task: 'stops', queryId: null, attempts: [] });
    expect(message).toMatch(/^task stops takes no new queries: an alarm has stopped it \(the harm of all/);
    await rollBack(world.database.pool, 'stops', 1, AUTHOR);
    expect(await world.ask('stops', { id })).toMatchObject({ policyVersion: 1 });
    expect(await changesOf('stops')).toEqual([
      { action: 'stop', from: 1, to: 1, by: 'watch' },
      { action: 'rollback', from: 1, to: 1, by: 'ana' },
    ]);
  });

  test('counts each audit once, in batches as at once, and changes nothing where the task says keep', async () => {
    const { pool } = world.database;
    await world.apply(watched('keeps', { onSuspect: 'keep' }));
    await disagree('keeps', { topic: 'billing', customer: 'c1' });
    const version = { task: 'keeps', version: 1 };
    expect(await unwatchedVersions(pool)).toContainEqual(version);
    const batches = await Promise.all([watchVersion(pool, version, 7), watchVersion(pool, version, 7)]);
    expect(batches.map(({ audits }) => audits).sort()).toEqual([5, 7]);
    expect(batches[0].alarms + batches[1].alarms).toBe(3);
    expect(await watchVersion(pool, version, 7)).toEqual({ audits: 0, alarms: 0 });
    expect((await watchState(pool, 'keeps', 1))['all']?.evidence.observed).toBe(12);
    expect(await changesOf('keeps')).toEqual([]);
  });

  test('of a canary ends the canary', async () => {
    const { pool } = world.database;
    await world.apply(policyOf('sings'));
    await promotePolicy(
      pool,
      {
        policy: watched('sings'),
        written: policyOf('sings'),
        artifact: { confidence: 1 },
        // Less than all, and no hash of 32 bits is above it.
        canaryShare: 1 - 1e-12,
      },
      AUTHOR,
    );
    await disagree('sings');
    expect((await sweep()).watched).toMatchObject({ alarms: 1 });
    expect(await policyArms(pool, 'sings')).toMatchObject({ current: { version: 1 }, canary: null });
    expect((await changesOf('sings')).at(-1)).toEqual({
      action: 'stop-canary',
      from: 1,
      to: 1,
      by: 'watch',
    });
  });
});

describe('escalier quality', () => {
  test('shows slices, who judged, and alarms', async () => {
    await world.apply(watched('shown', { onSuspect: 'stop' }));
    await disagree('shown', { topic: 'billing', customer: 'c1' });
    await sweep();
    const { url } = world.database;
    const context = fakeContext({ DATABASE_URL: url });
    await qualityCommand(context, { task: 'shown', slice: ['topic'], days: 30 });
    const text = context.printed.join('\n');
    expect(text).toMatch(/^ topic=billing +12 +too few \(12\) /m);
    expect(text).not.toMatch(/^ customer=c1/m);
    expect(text).toContain('12 audits, weighted by their chance; as judged by last-stage (12).');
    expect(text).toMatch(
      /^ALARM \S+, version 1: the harm of all queries is above 2.0%.*\(then: new queries are refused\)$/m,
    );
    expect(text).toContain('"escalier rollback --task shown --to 1" lets them go on');
    const json = fakeContext({ DATABASE_URL: url }, { json: true });
    await qualityCommand(json, { task: 'shown', slice: [], days: 30 });
    expect(JSON.parse(json.printed.join('\n'))).toMatchObject({
      tasks: [
        {
          task: 'shown',
          claim: { loss: 'harm', alpha: 0.02 },
          judged: { drawn: true, answers: 12, judges: { 'last-stage': 12 } },
          slices: [
            { slice: 'all', queries: 12, byOutcome: { accepted: 12 }, judged: 12, accuracy: null },
            { slice: 'customer=c1', queries: 12 },
            { slice: 'topic=billing', queries: 12 },
          ],
        },
      ],
    });
  });

  test('names the worst slice, by intervals that hold at once', async () => {
    await world.apply(watched('sliced', { onSuspect: 'keep' }));
    for (const [topic, said, times] of [
      ['bad', '41', 59],
      ['good', '42', 89],
    ] as const) {
      world.vendor = scripted({ small: [answered(said)], large: [answered('42')] });
      const answer = await world.ask('sliced', { request: { tags: { topic } } });
      await sweep();
      await world.client.workflow.getHandle(auditWorkflowId(answer.queryId)).result();
      await multiply(answer, times);
    }
    const context = fakeContext({ DATABASE_URL: world.database.url });
    await qualityCommand(context, { task: 'sliced', slice: [], days: 30 });
    const text = context.printed.join('\n');
    expect(text).toContain('The worst slice is topic=bad.');
    expect(text).toMatch(/^ all +150 +60.0% \(/m);
    // 1 − (0.05 / 3 / 2)^(1/60) is 7.7%: three intervals share the 5%.
    expect(text).toMatch(/^ topic=bad +60 +0.0% \(0.0% to 7.7%\)/m);
  });
});

describe('a look for shifts', () => {
  test('warns once a day of queries unlike those before', async () => {
    await world.apply(watched('shifted'));
    world.vendor = () => answered('42');
    const { queryId } = await world.ask('shifted');
    const { pool } = world.database;
    await pool.query(
      `insert into queries select (jsonb_populate_record(q, jsonb_build_object('query_id', gen_random_uuid(),
         'started_at', q.started_at - make_interval(days => case when n % 2 = 0 then 10 else 0 end),
         'confidence', case when n % 2 = 0 then 0.2 else 0.9 end,
         'outcome', case when n % 2 = 0 then 'last-stage' else 'accepted' end))).*
       from queries q, generate_series(1, 300) n where q.query_id = $1`,
      [queryId],
    );
    const looks = (await lookForShifts(pool)).filter(({ task }) => task === 'shifted');
    expect(looks).toMatchObject([{ task: 'shifted', policyVersion: 1 }]);
    expect(looks[0]?.warnings).toHaveLength(2);
    expect(await lookForShifts(pool)).toEqual([]);
    const context = fakeContext({ DATABASE_URL: world.database.url });
    await qualityCommand(context, { task: 'shifted', slice: [], days: 30 });
    expect(context.printed.join('\n')).toMatch(
      /^Warning: the share of accepted answers of the last 7 days differs/m,
    );
  });
});

describe('a certificate', () => {
  const certified = (task: string, overrides: Partial<Policy> = {}): Policy => ({
    ...watched(task, { onSuspect: 'keep' }),
    learned: {
      policySha256: 'e'.repeat(64),
      rule: { type: 'threshold', threshold: 0.5 },
      modelAccuracy: [0.7, 0.9],
      certificate: certificateOf({ confidence: 0.9 }),
    },
    ...overrides,
  });
  const promote = (policy: Policy, canaryShare: number | null = null): Promise<Promoted> =>
    promotePolicy(
      world.database.pool,
      { policy, written: watched(policy.task), artifact: { confidence: 0.9 }, canaryShare },
      AUTHOR,
    );
  const stateOf = (task: string, version = 2): Promise<StoredCertificateState | null> =>
    latestState(world.database.pool, task, version);

  test('is valid, then suspect by an alarm', async () => {
    await promote(certified('suspects'));
    await sweep();
    expect(await stateOf('suspects')).toMatchObject({ state: 'valid' });
    await disagree('suspects');
    await sweep();
    const state = await stateOf('suspects');
    expect(state?.state).toBe('suspect');
    expect(state?.reason).toMatch(/^the harm of all queries is above 2.0%/);
  });

  test('of errors among accepted answers is watched by those that were accepted before the last stage', async () => {
    const watch = { ...WATCH, maxLoss: null, onSuspect: 'keep' } as const;
    const certificate = { ...certificateOf({ confidence: 0.9 }), loss: 'selective', baseline: null } as const;
    const learned = { ...certified('vouches').learned!, certificate };
    await promote(certified('vouches', { watch, learned }));
    await promote(
      certified('vouches', {
        watch,
        learned,
        thresholds: [1, 0.5],
        scorer: localScorer('constant', { confidence: 0.9 }),
      }),
    );
    const last = await disagreed('vouches');
    expect(last).toMatchObject({ policyVersion: 3, outcome: 'accepted', attempts: [{}, {}] });
    const { pool } = world.database;
    expect(await watchVersion(pool, { task: 'vouches', version: 3 }, 10)).toMatchObject({ audits: 1 });
    expect(await watchState(pool, 'vouches', 3)).toEqual({});
    await rollBack(pool, 'vouches', 2, AUTHOR);
    expect(await disagreed('vouches')).toMatchObject({
      policyVersion: 2,
      outcome: 'accepted',
      attempts: [{}],
    });
    await watchVersion(pool, { task: 'vouches', version: 2 }, 10);
    expect((await watchState(pool, 'vouches', 2))['all']).toMatchObject({ weight: 1, weightedLoss: 1 });
  });

  test.each([
    [
      'model answers under the same name',
      `update attempts set reported_model = 'small-next' where task = $1 and model = 'small'`,
      /^the provider's small was small-first, and is small-next$/,
    ],
    [
      'prompt template is used',
      `update queries set tags = '{"prompt_template": "second"}' where task = $1`,
      /^the prompt template was first, and is second$/,
    ],
  ])('expires when another %s', async (what, change, reason) => {
    const task = `expires/${what}`;
    await promote(certified(task));
    world.vendor = () => answered('42');
    await world.ask(task, { request: { tags: { prompt_template: 'first' } } });
    await world.database.pool.query(
      `update attempts set reported_model = 'small-first' where task = $1 and model = 'small'`,
      [task],
    );
    await sweep();
    expect(await stateOf(task)).toMatchObject({ state: 'valid' });
    await world.database.pool.query(change, [task]);
    expect((await sweep()).watched.expired).toBe(1);
    const state = await stateOf(task);
    expect(state?.state).toBe('expired');
    expect(state?.reason).toMatch(reason);
    expect((await sweep()).watched.expired).toBe(0);
  });

  test('is expired where another id stands under a model’s name', async () => {
    await promote(certified('moves'));
    await promote(certified('moves', { chain: chainOf(['small', 'large'], { modelId: 'other' }) }), 0.5);
    await sweep();
    expect(await stateOf('moves', 2)).toMatchObject({ state: 'valid' });
    expect(await stateOf('moves', 3)).toMatchObject({
      state: 'expired',
      reason: 'small was vendor/small, and is vendor/other; large was vendor/large, and is vendor/other',
    });
  });
});
