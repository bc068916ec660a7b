import pg from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CascadeAnswer } from '../core/result.ts';
import { auditWorkflowId } from '../core/temporal-names.ts';
import { inTransaction } from '../ledger/database.ts';
import {
  answered,
  failureOf,
  localScorer,
  policyOf,
  queryOf,
  rowsOf,
  scripted,
  useWorld,
} from './support/world.ts';

const world = useWorld();
const EXECUTIONS = ['durable', 'inline'] as const;

afterEach(() => {
  vi.restoreAllMocks();
});

/** In a statement that is a transaction of its own. */
const ASYNCHRONOUS = `set_config('synchronous_commit', 'off', true)`;

type Text = string | { readonly name?: string; readonly text: string };

/** Every transaction from now on as `<commit>: <its statements that write>`, and every single statement that is no select. */
function watchCommits(): string[] {
  const seen: string[] = [];
  const open = new WeakMap<pg.Client, { commit: string; writes: string[] }>();
  // Unbound on purpose: it is called with the client that it was taken from.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const statement = args[0] as Text;
    const { name, text } = typeof statement === 'string' ? { name: statement, text: statement } : statement;
    const writes = /\b(insert|update|delete)\b/.test(text.replaceAll(/for (no key )?update/g, ''));
    const transaction = open.get(this);
    if (text.startsWith('begin')) {
      open.set(this, { commit: text === 'begin' ? 'durable' : 'recoverable', writes: [] });
    } else if (text === 'commit' && transaction !== undefined) {
      seen.push(`${transaction.commit}: ${transaction.writes.join(', ')}`);
      open.delete(this);
    } else if (writes && transaction !== undefined) transaction.writes.push(name ?? text);
    else if (writes) seen.push(`${text.includes(ASYNCHRONOUS) ? 'recoverable' : 'durable'}: ${name ?? text}`);
    return send.apply(this, args);
  });
  return seen;
}

test.each([
  [
    'durable: an attempt is two commits that wait for the disk, and a query none of its own',
    {},
    [
      'recoverable: start-new-query',
      'durable: open-at-once',
      'durable: close-at-once',
      'durable: open-at-once',
      'durable: close-or-fail, end-query, judge-attempts, settle-texts-where',
    ],
  ],
  [
    'durable: without texts behind the end it is the workflow that ends the query',
    { retention: 'none' as const },
    [
      'recoverable: start-new-query',
      'durable: open-at-once',
      'durable: close-at-once',
      'durable: open-at-once',
      'durable: close-at-once',
      'recoverable: end-query, judge-attempts, settle-texts-where',
    ],
  ],
  [
    'inline: the close of an attempt is committed with what comes behind it',
    { execution: 'inline' as const },
    [
      'recoverable: start-new-query',
      'durable: open-at-once',
      'durable: close-or-fail, open-at-once',
      'durable: close-or-fail, end-query, judge-attempts, settle-texts-where',
    ],
  ],
])('%s', async (title, overrides, commits) => {
  const task = `commits-${title.replaceAll(/\W+/g, '-')}`;
  await world.apply(policyOf(task, overrides));
  // The first query of a process also writes its models' price books, once.
  await world.ask(task);
  const seen = watchCommits();
  await world.ask(task);
  expect(seen).toEqual(commits);
});

describe.each(EXECUTIONS)('%s', (execution) => {
  test('a start that a crash of Postgres has lost is made again under its own ids', async () => {
    const task = `lost-start-${execution}`;
    await world.apply(
      policyOf(task, { ...(execution === 'inline' ? { execution } : {}), audit: { share: 1 } }),
    );
    const plan = losing(
      `delete from open_texts; delete from queries where task = '${task}'; delete from query_keys;
       delete from audits where task = '${task}'`,
    );
    const handle = await world.start(task);
    const answer = (await handle.result()) as CascadeAnswer;
    expect(plan.lost()).toBe(true);
    expect(answer).toMatchObject({ outcome: 'accepted', answer: '42' });
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({
      query_id: answer.queryId,
      status: 'ended',
      outcome: 'accepted',
      audit_probability: 1,
    });
    const { rows: audits } = await world.database.pool.query(
      'select status, policy_version, inclusion_probability, baseline_model from audits where query_id = $1',
      [answer.queryId],
    );
    expect(audits).toEqual([
      { status: 'due', policy_version: 1, inclusion_probability: 1, baseline_model: 'large' },
    ]);
    expect(await rowsOf(world.database.pool, handle.workflowId)).toHaveLength(2);
    expect(await world.ask(task, { id: handle.workflowId })).toMatchObject({ queryId: answer.queryId });
  });
});

/** Undoes, once, what planning has committed, before anything else is done. */
function losing(sql: string): { lost(): boolean } {
  let lost = false;
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- without a callback it returns a promise
  vi.spyOn(pg.Pool.prototype, 'query').mockImplementation(async function (this: pg.Pool, ...args: unknown[]) {
    const client = await this.connect();
    try {
      const result = await (send.apply(client, args) as Promise<unknown>);
      if (!lost && (args[0] as Text as { name?: string }).name === 'start-new-query') {
        lost = true;
        await (send.call(client, sql) as Promise<unknown>);
      }
      return result;
    } finally {
      client.release();
    }
  });
  return { lost: () => lost };
}

test('a start that is lost before a query ends without a request is made again as well', async () => {
  await world.apply(policyOf('lost-unspent', { limits: { maxCostUsd: '0', deadlineMs: null } }));
  const plan = losing(
    `delete from open_texts; delete from queries where task = 'lost-unspent'; delete from query_keys`,
  );
  const handle = await world.start('lost-unspent');
  expect(await failureOf(handle.result())).toMatchObject({ type: 'escalier.budget' });
  expect(plan.lost()).toBe(true);
  expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({ outcome: 'budget' });
});

test('an end that a crash of Postgres has lost is made again by the sweeper, from the workflow’s result', async () => {
  await world.apply(policyOf('lost-end', { scorer: localScorer('agreement') }));
  world.vendor = scripted({ small: [answered('41')], medium: [answered('42')], large: [answered('42')] });
  const handle = await world.start('lost-end');
  await handle.result();
  const { pool } = world.database;
  const facts = async () => ({
    query: await queryOf(pool, handle.workflowId),
    attempts: await rowsOf(pool, handle.workflowId),
  });
  const before = await facts();
  await pool.query(`update queries set status = 'running', outcome = null, accepted = null, ended_at = null,
    served_attempt_id = null, served_model = null, served_stage = null, confidence = null, threshold = null
    where workflow_id = '${handle.workflowId}'`);
  await pool.query(`update attempts set verdict = null, confidence = null, threshold = null
    where workflow_id = '${handle.workflowId}'`);
  await world.client.workflow.execute('sweep', {
    taskQueue: world.taskQueue,
    workflowId: `sweep-${handle.workflowId}`,
  });
  const after = await facts();
  expect(after.attempts).toEqual(before.attempts);
  expect(after.query).toEqual({ ...before.query, ended_at: expect.any(Date) as Date });
});

test('an audit becomes due again with the end that is made again, and has the texts', async () => {
  const scorer = localScorer('constant', { confidence: 1 });
  await world.apply(policyOf('lost-due', { scorer, audit: { share: 1 }, retention: 'none' }));
  const answer = await world.ask('lost-due');
  const { pool } = world.database;
  await pool.query(
    `update queries set status = 'running', outcome = null, accepted = null, ended_at = null, served_attempt_id = null,
       served_model = null, served_stage = null, confidence = null, threshold = null where query_id = $1`,
    [answer.queryId],
  );
  await pool.query(`update audits set status = 'planned' where query_id = $1`, [answer.queryId]);
  await world.client.workflow.execute('sweep', {
    taskQueue: world.taskQueue,
    workflowId: `sweep-${answer.queryId}`,
  });
  await world.client.workflow.getHandle(auditWorkflowId(answer.queryId)).result();
  const { rows } = await pool.query(
    `select a.status, q.outcome, (select count(*)::int from open_texts t where t.query_id = a.query_id) as texts
     from audits a join queries q using (query_id) where a.query_id = $1`,
    [answer.queryId],
  );
  expect(rows).toEqual([{ status: 'compared', outcome: 'accepted', texts: 0 }]);
});

test('a statement that is a transaction of its own can do without the disk as well', async () => {
  const pool = new pg.Pool({ connectionString: world.database.url, max: 1 });
  const { rows } = await pool.query<{ off: string }>(`select ${ASYNCHRONOUS} as off`);
  expect(rows).toEqual([{ off: 'off' }]);
  const after = await pool.query<{ synchronous_commit: string }>('show synchronous_commit');
  expect(after.rows).toEqual([{ synchronous_commit: 'on' }]);
  await pool.end();
});

test('a recoverable commit does not wait for the disk, and the next one on its connection does', async () => {
  const pool = new pg.Pool({ connectionString: world.database.url, max: 1 });
  const setting = async (db: pg.Pool | pg.PoolClient) =>
    (await db.query<{ synchronous_commit: string }>('show synchronous_commit')).rows[0]!.synchronous_commit;
  expect(await inTransaction(pool, setting, 'recoverable')).toBe('off');
  expect(await inTransaction(pool, setting)).toBe('on');
  expect(await setting(pool)).toBe('on');
  await pool.end();
});
