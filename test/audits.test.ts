import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import type { AuditSummary } from '../activities/types.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { auditWorkflowId } from '../core/temporal-names.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { taskReport } from '../ledger/report.ts';
import type { SweepSummary } from '../workflows/sweep.ts';
import { record } from './support/recorder.ts';
import {
  answered,
  chainOf,
  eventually,
  failed,
  hanging,
  held,
  localScorer,
  policyOf,
  scripted,
  useWorld,
  type AttemptRow,
} from './support/world.ts';

const world = useWorld();
const ALL = { audit: { share: 1 } };
/** Takes whatever the first model says. */
const easy = { ...ALL, scorer: localScorer('constant', { confidence: 1 }) };

async function sweep(): Promise<SweepSummary> {
  return (await world.client.workflow.execute('sweep', {
    taskQueue: world.taskQueue,
    workflowId: `escalier-sweep-${randomUUID()}`,
  })) as SweepSummary;
}

function auditOf({ queryId }: CascadeAnswer): WorkflowHandle {
  return world.client.workflow.getHandle(auditWorkflowId(queryId));
}

/** Sweeps, and waits for the audit. */
async function audited(answer: CascadeAnswer): Promise<AuditSummary> {
  await sweep();
  return (await auditOf(answer).result()) as AuditSummary;
}

interface AuditRow {
  readonly status: string;
  readonly inclusion_probability: number;
  readonly served_agrees: boolean | null;
  readonly baseline_model: string;
  readonly message: string | null;
}

async function rowOf({ queryId }: CascadeAnswer): Promise<AuditRow | undefined> {
  const { rows } = await world.database.pool.query<AuditRow>('select * from audits where query_id = $1', [
    queryId,
  ]);
  return rows[0];
}

async function attemptsOf({
  queryId,
}: CascadeAnswer): Promise<(AttemptRow & { agrees_with_baseline: boolean | null })[]> {
  const { rows } = await world.database.pool.query<AttemptRow & { agrees_with_baseline: boolean | null }>(
    'select * from attempts where query_id = $1 order by started_at, attempt_id',
    [queryId],
  );
  return rows;
}

async function texts({ queryId }: CascadeAnswer): Promise<{ open: number; kept: number }> {
  const { rows } = await world.database.pool.query<{ open: number; kept: number }>(
    `select (select count(*)::int from open_texts where query_id = $1) as open,
       (select count(*)::int from texts where query_id = $1) as kept`,
    [queryId],
  );
  return rows[0]!;
}

describe('an audit', () => {
  test('calls the stages that were not called, after the answer, and holds the answer against the last', async () => {
    await world.apply(policyOf('after', easy));
    world.vendor = scripted({ small: [answered('41')], medium: [answered('42')], large: [answered('42')] });
    const handle = await world.start('after');
    const answer = (await handle.result()) as CascadeAnswer;
    expect(world.asked()).toEqual(['small']);
    expect(await rowOf(answer)).toMatchObject({
      status: 'due',
      inclusion_probability: 1,
      baseline_model: 'large',
    });
    expect(await audited(answer)).toEqual({ queryId: answer.queryId, servedAgrees: false, message: null });
    expect(world.asked()).toEqual(['small', 'medium', 'large']);
    await record('audit', auditOf(answer));
    expect(await rowOf(answer)).toMatchObject({ status: 'compared', served_agrees: false });
    expect(
      (await attemptsOf(answer)).map((row) => [row.model, row.purpose, row.stage, row.agrees_with_baseline]),
    ).toEqual([
      ['small', 'serve', 0, false],
      ['medium', 'audit', 1, true],
      ['large', 'audit', 2, true],
    ]);
    // The query is as it was: asked again it gives the same answer, at the same cost.
    const again = await world.ask('after', { id: handle.workflowId });
    expect({ ...again, answer: answer.answer }).toEqual(answer);
    expect(await texts(answer)).toEqual({ open: 0, kept: 4 });
    const { rows } = await world.database.pool.query<object>(
      'select * from audited_answers where query_id = $1',
      [answer.queryId],
    );
    expect(rows[0]).toMatchObject({
      served_correct: false,
      baseline_correct: true,
      judged_by: 'last-stage',
      judge: 'large',
    });
  });

  test('is as likely as the densest of the query’s slices', async () => {
    const share = 1e-12;
    await world.apply(policyOf('dense', { ...easy, audit: { share, slices: { 'topic=billing': 1 } } }));
    world.vendor = () => answered('42');
    const of = (tags: Record<string, string>) => world.ask('dense', { request: { tags } });
    const [billing, other] = [await of({ topic: 'billing', language: 'de' }), await of({ topic: 'other' })];
    expect(await rowOf(billing)).toMatchObject({ inclusion_probability: 1 });
    expect(await rowOf(other)).toBeUndefined();
    const { rows } = await world.database.pool.query<{ chance: number }>(
      'select audit_probability as chance from queries where query_id = any($1) order by chance',
      [[billing.queryId, other.queryId]],
    );
    expect(rows.map(({ chance }) => chance)).toEqual([share, 1]);
    await audited(billing);
  });

  test('of a query that climbed to the end buys nothing', async () => {
    await world.apply(policyOf('climbed', { ...ALL, scorer: localScorer('constant', { confidence: 0 }) }));
    const answer = await world.ask('climbed');
    expect(await audited(answer)).toMatchObject({ servedAgrees: true });
    expect(world.asked()).toEqual(['small', 'medium', 'large']);
  });

  test('is never a cost of serving', async () => {
    await world.apply(policyOf('costs', easy));
    const answer = await world.ask('costs');
    await audited(answer);
    const [report] = (await taskReport(world.database.pool)).filter(({ task }) => task === 'costs');
    expect(report!.byClass.audit.attempts).toBe(2);
    expect(report!.byClass.accepted.attempts).toBe(1);
    expect(report!.paidTwice).toEqual({ low: 0n, high: 0n });
    expect(report!.stages.map(({ model }) => model)).toEqual(['small']);
  });

  test.each(['hash', 'none'] as const)(
    'of a task that retains %s has the texts until it ends, and then nobody has',
    async (retention) => {
      await world.apply(policyOf(`retains-${retention}`, { ...easy, retention }));
      const answer = await world.ask(`retains-${retention}`);
      expect(await texts(answer)).toEqual({ open: 2, kept: 0 });
      expect(await audited(answer)).toMatchObject({ servedAgrees: true });
      expect(await texts(answer)).toEqual({ open: 0, kept: 0 });
    },
  );

  test('goes on past a stage that fails; without the last one there is nothing to compare with', async () => {
    await world.apply(policyOf('fails', easy));
    world.vendor = scripted({
      small: [answered('42')],
      medium: [answered('42')],
      large: [failed('bad-request')],
    });
    const answer = await world.ask('fails');
    expect(await audited(answer)).toEqual({
      queryId: answer.queryId,
      servedAgrees: null,
      message: 'stage 3 (large): the vendor said bad-request',
    });
    expect(await rowOf(answer)).toMatchObject({ status: 'incomparable', served_agrees: null });
    expect(await texts(answer)).toMatchObject({ open: 0 });
  });

  test('has a budget of its own, and takes nothing from that of its task', async () => {
    const chain = chainOf(['small', 'large']);
    // A request to large can cost $0.1 and a little, one to small $0.002.
    await applyPolicies(
      world.database.pool,
      [policyOf('poor', { ...easy, chain })],
      [
        { scopeKind: 'task', scope: 'poor', period: 'day', limitUsd: '0.01' },
        { scopeKind: 'audit', scope: 'poor', period: 'day', limitUsd: '0.15' },
      ],
    );
    world.vendor = scripted({ small: [answered('42')], large: [answered('42')] });
    for (let nth = 0; nth < 2; nth++) {
      expect(await audited(await world.ask('poor'))).toMatchObject({ servedAgrees: true });
    }
    await world.database.pool.query(
      `update budget_periods set committed_usd = 0.14 where scope_kind = 'audit' and scope = 'poor'`,
    );
    const { message } = await audited(await world.ask('poor'));
    expect(message).toContain('the budget of audits of task "poor" for the day');
    const { rows } = await world.database.pool.query<{ kind: string; n: number }>(
      `select scope_kind as kind, reservations::int as n from budget_periods where scope = 'poor' order by kind`,
    );
    expect(rows).toEqual([
      { kind: 'audit', n: 2 },
      { kind: 'task', n: 3 },
    ]);
  });
});

describe('what is audited', () => {
  test('is nothing, where the task says nothing', async () => {
    await world.apply(policyOf('without', { scorer: easy.scorer }));
    const answer = await world.ask('without');
    expect(await rowOf(answer)).toBeUndefined();
    expect(await texts(answer)).toMatchObject({ open: 0 });
  });

  test('is not a query without an answer', async () => {
    await world.apply(policyOf('silent', { ...easy, chain: chainOf(['small']), thresholds: [0.6] }));
    world.vendor = () => failed('bad-request');
    const handle = await world.start('silent');
    await handle.result().catch(() => undefined);
    const { rows } = await world.database.pool.query(
      'select a.status from audits a join queries using (query_id) where workflow_id = $1',
      [handle.workflowId],
    );
    expect(rows).toEqual([{ status: 'skipped' }]);
  });
});

describe('an audit that is cut off', () => {
  test('by a reset buys nothing twice', async () => {
    await world.apply(policyOf('reset', easy));
    world.vendor = scripted({
      small: [answered('42')],
      medium: [answered('42')],
      large: [hanging(), answered('42')],
    });
    const answer = await world.ask('reset');
    await sweep();
    await world.arrived('large');
    const audit = auditOf(answer);
    const { events } = await audit.fetchHistory();
    const first = events!.find((event) => event.workflowTaskCompletedEventAttributes != null);
    const { runId } = await world.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: audit.workflowId, runId: (await audit.describe()).runId },
      workflowTaskFinishEventId: first!.eventId!,
      requestId: randomUUID(),
      reason: 'test',
    });
    const again = world.client.workflow.getHandle(audit.workflowId, runId);
    expect(await again.result()).toMatchObject({ servedAgrees: true });
    expect(world.asked()).toEqual(['small', 'medium', 'large', 'large']);
  });

  test('by the end of its worker is ended by another, which buys no stage again', async () => {
    const taskQueue = `${world.taskQueue}-handover`;
    await world.apply(policyOf('handover', easy));
    const { vendor, release } = held();
    world.vendor = scripted({
      small: [answered('42')],
      medium: [answered('42')],
      large: [vendor, answered('42')],
    });
    const answer = await world.ask('handover');
    const first = await world.startWorker({ identity: 'first', taskQueue });
    const audit = await world.client.workflow.start('audit', {
      taskQueue,
      workflowId: auditWorkflowId(answer.queryId),
      args: [{ queryId: answer.queryId, startedAt: answer.startedAt }],
    });
    await world.arrived('large');
    const stopped = first.stop();
    const second = await world.startWorker({ identity: 'second', taskQueue });
    release(failed('connection'));
    await stopped;
    expect(await audit.result()).toMatchObject({ servedAgrees: true });
    await second.stop();
    expect(world.asked()).toEqual(['small', 'medium', 'large', 'large']);
  });

  test('by its termination is ended by the sweeper, with its texts', async () => {
    await world.apply(policyOf('terminated', { ...easy, retention: 'hash' }));
    world.vendor = scripted({ small: [answered('42')], medium: [hanging()] });
    const answer = await world.ask('terminated');
    await sweep();
    await world.arrived('medium');
    await auditOf(answer).terminate();
    await world.database.pool.query(
      `update audits set began_at = now() - interval '2 minutes' where query_id = $1`,
      [answer.queryId],
    );
    expect(await sweep()).toMatchObject({ auditsEnded: 1, audits: 0 });
    expect(await rowOf(answer)).toMatchObject({
      status: 'incomparable',
      message: 'its workflow ended in Temporal as terminated',
    });
    expect(await texts(answer)).toEqual({ open: 0, kept: 0 });
  });

  test('by a cancel ends with what it has', async () => {
    await world.apply(policyOf('cancelled', easy));
    world.vendor = scripted({ small: [answered('42')], medium: [hanging()] });
    const answer = await world.ask('cancelled');
    await sweep();
    await world.arrived('medium');
    await auditOf(answer).cancel();
    expect(await auditOf(answer).result()).toMatchObject({ servedAgrees: null });
    const rows = await eventually(async () => {
      const all = await attemptsOf(answer);
      return all.some(({ status }) => status === 'cancelled') ? all : null;
    });
    expect(rows.map(({ purpose, status }) => [purpose, status])).toEqual([
      ['serve', 'succeeded'],
      ['audit', 'cancelled'],
    ]);
    expect(await rowOf(answer)).toMatchObject({
      status: 'incomparable',
      message: 'stage 2 (medium): the audit was cancelled',
    });
  });
});
