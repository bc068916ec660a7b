import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../core/cascade.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import type { PolicyModel } from '../core/policy.ts';
import type { Price } from '../core/price.ts';
import type { Spend } from '../core/spend.ts';
import { closeAttempt } from '../ledger/close-attempt.ts';
import { labelAttempt } from '../ledger/labels.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { keepPrices } from '../ledger/prices.ts';
import { taskReport, type TaskReport } from '../ledger/report.ts';
import type { SpendClass } from '../ledger/report/spend.ts';
import { useDatabase } from './support/database.ts';
import { attempted, closeOf, ended, opened, servedBy, started, storedPolicy, usd } from './support/ledger.ts';

const database = useDatabase();

const priceRow = (input: string, output: string, from: string | null = null): Price => ({
  id: `${input}/${output}`,
  source: 'test',
  from,
  daily: null,
  rates: { input, output },
});
const smallPrice = priceRow('1', '2');
const largePrice = priceRow('10', '40');
const small = { task: 'support', stage: 0, model: 'small', priceId: smallPrice.id };
const large = { task: 'support', stage: 1, model: 'large', priceId: largePrice.id };
const model = (name: string, price: Price): PolicyModel => ({
  ...{
    model: name,
    provider: 'vendor',
    modelId: `${name}-1`,
    parameters: {},
    maxOutputTokens: 1000,
    timeoutMs: 1,
  },
  ...{ maxAttempts: 1, stream: false, price: [price], expectedUsdPerMtok: null },
});
const chain = [model('small', smallPrice), model('large', largePrice)];
const last = { outcome: 'last-stage' as Outcome, servedModel: 'large' };

function between(low: string, high: string | null): Spend {
  return { low: parseUsd(low), high: high === null ? null : parseUsd(high) };
}

function spendText({ low, high }: Spend): string {
  return `${formatUsd(low)} to ${high === null ? 'unknown' : formatUsd(high)}`;
}

/** Ten queries of one task that bring every class of spend. Costs are known unless two bounds are given. */
async function tenQueries(): Promise<void> {
  const { pool } = database;
  await applyPolicies(pool, [storedPolicy('support', { chain })]);
  await keepPrices(pool, { provider: 'vendor', modelId: 'small-1' }, [smallPrice]);
  await keepPrices(pool, { provider: 'vendor', modelId: 'large-1' }, [largePrice]);

  // 1: accepted $0.01; router $0.0001, embedding $0.0002, judge $0.002, audit $0.50.
  const q1 = await started(pool, 'support');
  await attempted(pool, q1, { ...small, purpose: 'route' }, { cost: usd('0.0001') });
  await attempted(pool, q1, { ...small, purpose: 'embed' }, { cost: usd('0.0002') });
  const a1 = await attempted(pool, q1, small);
  await attempted(pool, q1, { ...small, purpose: 'score' }, { cost: usd('0.002') });
  await ended(pool, q1, servedBy(a1), { verdicts: { [a1]: 'accepted' } });
  await attempted(pool, q1, { ...large, purpose: 'audit' }, { cost: usd('0.5') });
  await labelAttempt(pool, { ...q1, attemptId: a1, correct: true, source: 'reference' });

  // 2: failed ($0 to $0.02) and retried; that answer $0.01 is discarded for the large model's, $0.10.
  const q2 = await started(pool, 'support');
  await attempted(pool, q2, small, { status: 'failed', cost: between('0', '0.02') });
  const b1 = await attempted(pool, q2, small);
  const b2 = await attempted(pool, q2, large, { cost: usd('0.1') });
  await ended(pool, q2, servedBy(b2, { stage: 1 }), { verdicts: { [b1]: 'rejected', [b2]: 'accepted' } });
  // Sources disagree: the last word counts.
  await labelAttempt(pool, { ...q2, attemptId: b2, correct: true, source: 'reference' });
  await labelAttempt(pool, { ...q2, attemptId: b2, correct: false, source: 'a reviewer' });

  // 3: $0.01 is accepted because the large model agrees, $0.10.
  const q3 = await started(pool, 'support');
  const c1 = await attempted(pool, q3, small);
  const c2 = await attempted(pool, q3, large, { cost: usd('0.1') });
  await ended(pool, q3, servedBy(c1), { verdicts: { [c1]: 'accepted', [c2]: 'corroborated' } });
  // Of an attempt that was not served: no label of the answer.
  await labelAttempt(pool, { ...q3, attemptId: c2, correct: false, source: 'reference' });

  // 4: $0.01 is discarded, and the last stage's $0.10 is served below its threshold.
  const q4 = await started(pool, 'support');
  const d1 = await attempted(pool, q4, small);
  const d2 = await attempted(pool, q4, large, { cost: usd('0.1') });
  await ended(pool, q4, servedBy(d2, { stage: 1, confidence: 0.4 }), {
    ...last,
    verdicts: { [d1]: 'rejected', [d2]: 'accepted' },
  });
  await labelAttempt(pool, { ...q4, attemptId: d2, correct: true, source: 'reference' });

  // 5: time ran out before $0.03 was scored.
  const q5 = await started(pool, 'support');
  const e1 = await attempted(pool, q5, small, { cost: usd('0.03') });
  await ended(pool, q5, servedBy(e1, { confidence: null }), {
    outcome: 'deadline',
    verdicts: { [e1]: 'accepted' },
  });

  // 6: the first process is lost ($0 to $0.05), the second buys the answer, $0.01.
  const q6 = await started(pool, 'support');
  await opened(pool, q6, { ...small, worstCaseUsd: '0.05' });
  const f1 = await attempted(pool, q6, small);
  await ended(pool, q6, servedBy(f1), { verdicts: { [f1]: 'accepted' } });

  // 7: as 6, but the first close came late: $0.011 was paid twice.
  const q7 = await started(pool, 'support');
  const g1 = await opened(pool, q7, small);
  const g2 = await attempted(pool, q7, small);
  await ended(pool, q7, servedBy(g2), { verdicts: { [g2]: 'accepted' } });
  await closeAttempt(pool, null, closeOf(q7, g1, { cost: usd('0.011') }));

  // 8: cancelled while the large model ran ($0 to $0.20): the $0.01 of before answered nothing.
  const q8 = await started(pool, 'support');
  await attempted(pool, q8, small);
  await attempted(pool, q8, large, { status: 'cancelled', cost: between('0', '0.2') });
  await ended(pool, q8, null);

  // 9: failed for good, $0.004.
  const q9 = await started(pool, 'support');
  await attempted(pool, q9, small, { status: 'failed', cost: usd('0.004') });
  await ended(pool, q9, null, { outcome: 'exhausted' });

  // 10: under the next policy version, still running: $0.01 is pending, the large model's request is open ($0 to $0.20).
  await applyPolicies(pool, [storedPolicy('support', { chain, thresholds: [0.6, 0.6] })]);
  const q10 = await started(pool, 'support');
  await attempted(pool, q10, { ...small, policyVersion: 2 });
  await opened(pool, q10, { ...large, policyVersion: 2, worstCaseUsd: '0.2' });
}

beforeAll(async () => {
  await tenQueries();
});

async function support(): Promise<TaskReport> {
  const [report, ...others] = await taskReport(database.pool, { task: 'support' });
  expect(others).toEqual([]);
  return report!;
}

describe('taskReport', () => {
  test('counts queries, labels and policy versions', async () => {
    const before = await database.pool.query<{ now: Date }>('select now()');
    const report = await support();
    expect(report).toMatchObject({
      task: 'support',
      policyVersions: [1, 2],
      queries: 10,
      running: 1,
      byOutcome: {
        accepted: 5, // 1, 2, 3, 6, 7
        'last-stage': 1, // 4
        deadline: 1, // 5
        cancelled: 1, // 8
        exhausted: 1, // 9
        budget: 0,
        failed: 0,
      },
      served: 7, // 1 to 7
      labelled: 3, // 1, 2, 4
      correct: 2, // 1, 4
    });
    expect(report.asOf.getTime()).toBeGreaterThanOrEqual(before.rows[0]!.now.getTime());
  });

  test('puts every attempt into one class', async () => {
    const report = await support();
    const classes = Object.fromEntries(
      Object.entries(report.byClass).map(([name, { attempts, spend }]) => [
        name,
        `${attempts}: ${spendText(spend)}`,
      ]),
    );
    expect(classes).toEqual({
      accepted: '5: 0.14 to 0.14', // 0.01 + 0.10 + 0.01 + 0.01 + 0.01
      fallback: '2: 0.13 to 0.13', // 0.10 + 0.03
      corroborated: '1: 0.1 to 0.1',
      discarded: '3: 0.031 to 0.031', // 0.01 + 0.01 + 0.011
      duplicate: '0: 0 to 0',
      retried: '1: 0 to 0.02',
      failed: '1: 0.004 to 0.004',
      cancelled: '1: 0 to 0.2',
      orphaned: '1: 0 to 0.05',
      unanswered: '1: 0.01 to 0.01',
      scoring: '1: 0.002 to 0.002',
      routing: '2: 0.0003 to 0.0003', // 0.0001 + 0.0002
      audit: '1: 0.5 to 0.5',
      pending: '1: 0.01 to 0.01',
      open: '1: 0 to 0.2',
    });
    expect(report).toMatchObject({ attempts: 22, withoutPrice: 0, unbounded: 0 });
  });

  test('sums to the total, and says what was paid twice', async () => {
    const { total, paidTwice } = await support();
    // Low: 0.14 + 0.13 + 0.1 + 0.02 + 0.011 + 0.004 + 0.01 + 0.002 + 0.0003 + 0.5 + 0.01.
    // High: and 0.02 + 0.2 + 0.05 + 0.2.
    expect(spendText(total)).toBe('0.9273 to 1.3973');
    // Low: 0.1 + 0.02 + 0.011 + 0.004 + 0.01 + 0.002 + 0.0003, which is 0.9273 − 0.14 − 0.13 − 0.5 − 0.01.
    // High: and 0.02 + 0.2 + 0.05; the open request's 0.2 may still become an answer.
    expect(spendText(paidTwice)).toBe('0.1473 to 0.4173');
  });

  test('says how far queries climbed, and what each stage cost', async () => {
    const { stages } = await support();
    expect(
      stages.map(({ stage, model, reached, stopped, endedHere, wentOn, serve, scoring, toGo }) => ({
        ...{ stage, model, reached, stopped, endedHere, wentOn },
        spend: [serve, scoring, toGo].map(spendText),
      })),
    ).toEqual([
      {
        ...{ stage: 0, model: 'small', reached: 10 },
        // Stopped: 1, 6, 7; and 5 (deadline) and 9 (exhausted) ended here. Went on: 2, 3, 4, 8. Running: 10.
        ...{ stopped: 3, endedHere: 5, wentOn: 4 },
        spend: [
          // 0.01 × 7 (1, 2, 3, 4, 6, 8, 10) + 0.03 (5) + 0.021 (7) + 0.004 (9). High: + 0.02 + 0.05.
          '0.125 to 0.195',
          '0.002 to 0.002',
          // 0.1 × 3. High: + 0.2 (8). That of 10 is not counted: it still runs. The audit of 1 is no serve attempt.
          '0.3 to 0.5',
        ],
      },
      {
        ...{ stage: 1, model: 'large', reached: 5 },
        // Stopped: 2, 3; and 4 (last-stage) and 8 (cancelled) ended here.
        ...{ stopped: 2, endedHere: 4, wentOn: 0 },
        // 0.1 × 3. High: + 0.2 (8) + 0.2 (10).
        spend: ['0.3 to 0.7', '0 to 0', '0 to 0'],
      },
    ]);
  });

  test('says what a stage is worth by the book', async () => {
    const [first, last] = (await support()).stages;
    // c = 0.0125 to 0.0195, s = 0.0002. D over all nine that have ended: toGo 0.3 to 0.5, and those that ended here spared
    // 100 tokens each of 1, 5, 6, 7 at $10 / 10⁶: 0.004; 9 has no usable response, so nothing bounds it: D ≥ 0.304 / 9.
    expect(first!.worth).toMatchObject({ basis: 'all', stopped: 3 / 9, verdict: 'cannot-tell' });
    expect(first!.worth.breakEven!.low).toBe(0);
    expect(first!.worth.breakEvenWithScoring!.high).toBeCloseTo(0.0197 / (0.304 / 9), 10);
    expect(last!.worth).toMatchObject({ basis: 'none', breakEven: null, verdict: 'cannot-tell' });
  });

  test('sums by the source of the costs, and by days', async () => {
    const { byCostSource, attempts, total, period } = await support();
    expect(period).toEqual({ since: null, until: null, rule: expect.stringContaining('UTC day') as string });
    const sources = Object.values(byCostSource);
    expect(sources.reduce((sum, part) => sum + part.attempts, 0)).toBe(attempts);
    expect(sources.reduce((sum, part) => sum + part.spend.low, 0n)).toBe(total.low);
    // Open or orphaned: 6 and 10; the others were closed at a price.
    expect(byCostSource).toMatchObject({ catalogue: { attempts: 20 }, estimate: { attempts: 2 } });
  });

  test('takes queries by the UTC day of their start: since is inclusive, until exclusive', async () => {
    const { pool } = database;
    await applyPolicies(pool, [storedPolicy('ranged')]);
    const query = await started(pool, 'ranged');
    const found = async (range: { since?: string; until?: string }) =>
      (await taskReport(pool, { task: 'ranged', ...range })).length;
    for (const at of ['00:00:00.000000', '23:59:59.999999']) {
      await pool.query(
        `update queries set started_at = (to_char(now() at time zone 'UTC', 'YYYY-MM-01 ') || $2 || 'Z')::timestamptz where query_id = $1`,
        [query.queryId, at],
      );
      const day = `${new Date().toISOString().slice(0, 8)}01`;
      const next = `${day.slice(0, 8)}02`;
      expect(await found({ since: day })).toBe(1);
      expect(await found({ since: next })).toBe(0);
      expect(await found({ until: day })).toBe(0);
      expect(await found({ until: next })).toBe(1);
    }
  });

  test('an unknown price leaves sums without an upper bound, and is counted', async () => {
    const { pool } = database;
    await applyPolicies(pool, [storedPolicy('unpriced')]);
    const query = await started(pool, 'unpriced');
    const attemptId = await attempted(
      pool,
      query,
      { ...small, task: 'unpriced', priceId: null, worstCaseUsd: null },
      { cost: between('0', null), costSource: 'unknown' },
    );
    await attempted(pool, query, { ...small, task: 'unpriced', purpose: 'score' });
    await ended(pool, query, servedBy(attemptId));
    const [report] = await taskReport(pool, { task: 'unpriced' });
    expect(report).toMatchObject({ attempts: 2, withoutPrice: 1, unbounded: 1, labelled: 0, correct: 0 });
    expect(spendText(report!.total)).toBe('0.01 to unknown');
    // What was paid twice is known all the same.
    expect(spendText(report!.paidTwice)).toBe('0.01 to 0.01');
  });

  test('tells every task, by name; none where there is none', async () => {
    const all = await taskReport(database.pool);
    expect(all.map(({ task }) => task)).toEqual([...all.map(({ task }) => task)].sort());
    expect(all.find(({ task }) => task === 'support')).toMatchObject({ queries: 10, attempts: 22 });
    expect(await taskReport(database.pool, { task: 'nobody' })).toEqual([]);
  });
});

describe('baselines', () => {
  test('what a model cost where it was called, bounds elsewhere', async () => {
    const { baselines } = await support();
    expect(
      baselines.map((report) => ({
        ...{ model: report.model, lastStage: report.lastStage },
        ...{ called: report.called, notCalled: report.notCalled, leftOut: report.leftOut },
        spend: [report.baseline, report.actual, report.notCalledBaseline, report.leftOutActual].map(
          spendText,
        ),
      })),
    ).toEqual([
      {
        // Every ended query called it, 9 too, which failed.
        ...{ model: 'small', lastStage: false, called: 9, notCalled: 0, leftOut: 0 },
        // Its own: 0.125 to 0.195 as the stage has it, less 0.01 of 10, which still runs.
        // All: 1: 0.0123; 2, 3, 4: 0.11 each; 5: 0.03; 6: 0.01; 7: 0.021; 8: 0.01; 9: 0.004. High: + 0.02 + 0.05 + 0.2.
        spend: ['0.115 to 0.185', '0.4173 to 0.6873', '0 to 0', '0 to 0'],
      },
      {
        // Called: 2, 3, 4, 8. Not called: 1, 5, 6, 7. Left out: 9. Running: 10.
        ...{ model: 'large', lastStage: true, called: 4, notCalled: 4, leftOut: 1 },
        spend: [
          // Called: 0.1 × 3, and 0 to 0.2. The others as two lines below.
          '0.304 to 0.664',
          // As above, without 9.
          '0.4133 to 0.6833',
          // 100 input tokens each: low 4 × 100 × $10 / 10⁶ = 0.004, high + 4 × 1000 × $40 / 10⁶ = 0.164.
          '0.004 to 0.164',
          '0.004 to 0.004',
        ],
      },
    ]);
  });

  test('what is unknown has no upper bound', async () => {
    for (const book of [null, [], [priceRow('10', '40', '2999-01-01T00:00:00Z')]]) {
      const [report] = await taskReport(database.pool, { task: 'support' }, () => book);
      expect(spendText(report!.baselines[1]!.baseline)).toBe('0.3 to unknown');
    }
  });
});

describe('attempt_spend', () => {
  const attempt = fc.record({
    purpose: fc.constantFrom('serve', 'serve', 'serve', 'score', 'route', 'audit', 'embed'),
    status: fc.constantFrom('started', 'succeeded', 'succeeded', 'failed', 'failed', 'cancelled', 'orphaned'),
    verdict: fc.constantFrom(null, null, 'accepted', 'corroborated', 'rejected'),
    stage: fc.nat({ max: 1 }),
    ordinal: fc.nat({ max: 1 }),
    low: fc.bigInt({ min: 0n, max: 10n ** 20n }),
    more: fc.option(fc.bigInt({ min: 0n, max: 10n ** 20n }), { freq: 8 }),
  });
  const query = fc.record({
    status: fc.constantFrom('running', 'ended'),
    served: fc.option(fc.nat({ max: 5 })),
    confidence: fc.option(fc.constantFrom(0.2, 0.6, 0.9)),
    attempts: fc.array(attempt, { maxLength: 6 }),
  });
  type Query = typeof query extends fc.Arbitrary<infer T> ? T : never;

  /** The rules in order, written a second time. `tries` are the attempts of a query by their place in it. */
  function classOf({ status, served, confidence, attempts }: Query, at: number): SpendClass {
    const own = attempts[at]!;
    const later = attempts.some(
      (other, place) =>
        other.purpose === own.purpose &&
        other.stage === own.stage &&
        (other.ordinal > own.ordinal || (other.ordinal === own.ordinal && place > at)),
    );
    const rules: [boolean, SpendClass][] = [
      [own.purpose === 'audit', 'audit'],
      [own.purpose === 'score', 'scoring'],
      [own.purpose === 'route' || own.purpose === 'embed', 'routing'],
      [own.status === 'started', 'open'],
      [own.status === 'orphaned', 'orphaned'],
      [own.status === 'cancelled', 'cancelled'],
      [own.status === 'failed' && later, 'retried'],
      [own.status === 'failed', 'failed'],
      [status === 'running', 'pending'],
      [served === null, 'unanswered'],
      [served === at && confidence !== null && confidence >= 0.6, 'accepted'],
      [served === at, 'fallback'],
      [own.verdict === 'corroborated', 'corroborated'],
      [own.verdict === 'rejected', 'discarded'],
      [true, 'duplicate'],
    ];
    return rules.find(([holds]) => holds)![1];
  }

  test('whatever the rows, classes partition the attempts by the rules and sum to the total', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(query, { minLength: 1, maxLength: 4 }), async (queries) => {
        const task = randomUUID();
        const expected = new Map<string, SpendClass>();
        for (const each of queries) {
          const ids = Array.from({ length: 6 }, () => randomUUID());
          await insertQuery(task, each, ids);
          for (const at of each.attempts.keys()) expected.set(ids[at]!, classOf(each, at));
        }
        const { rows } = await database.pool.query<{ attempt_id: string; spend_class: SpendClass }>(
          'select attempt_id, spend_class from attempt_spend where task = $1',
          [task],
        );
        expect(rows).toHaveLength(expected.size);
        expect(new Map(rows.map((row) => [row.attempt_id, row.spend_class]))).toEqual(expected);

        const [report] = await taskReport(database.pool, { task });
        const attempts = queries.flatMap((each) => each.attempts);
        const classes = Object.values(report!.byClass);
        expect(classes.reduce((sum, part) => sum + part.attempts, 0)).toBe(attempts.length);
        const low = attempts.reduce((sum, own) => sum + own.low, 0n);
        const known = attempts.every((own) => own.more !== null);
        const high = known ? attempts.reduce((sum, own) => sum + own.low + own.more!, 0n) : null;
        expect(report!.total).toEqual({ low, high });
        expect(classes.reduce((sum, part) => sum + part.spend.low, 0n)).toBe(low);
      }),
      { numRuns: 60 },
    );
  });

  async function insertQuery(task: string, query: Query, ids: readonly string[]): Promise<void> {
    const { pool } = database;
    const queryId = randomUUID();
    const ended = query.status === 'ended';
    const { rows } = await pool.query<{ started_at: string }>(
      `insert into queries (query_id, started_at, task, policy_version, status, outcome, ended_at, served_attempt_id,
         confidence, threshold, retention, namespace, workflow_id, run_id)
       values ($1, now(), $2, 1, $3, $4, $5, $6, $7, 0.6, 'none', 'default', 'workflow', 'run')
       returning started_at::text`,
      [
        queryId,
        task,
        query.status,
        ended ? 'accepted' : null,
        ended ? new Date() : null,
        query.served === null ? null : ids[query.served],
        query.confidence,
      ],
    );
    for (const [at, own] of query.attempts.entries()) {
      await pool.query(
        `insert into attempts (attempt_id, query_started_at, query_id, task, policy_version, purpose, stage, ordinal, try,
           provider, model, model_id, status, verdict, cost_low_usd, cost_high_usd, cost_source, started_at, closed_at,
           expires_at, workflow_id, run_id, activity_attempt, worker)
         values ($1, $2, $3, $4, 1, $5, $6, $7, $8, 'vendor', 'small', 'small-1', $9, $10, $11, $12, 'estimate', now(), $13,
           now(), 'workflow', 'run', 1, 'test')`,
        [
          ids[at],
          rows[0]!.started_at,
          queryId,
          task,
          own.purpose,
          own.stage,
          own.ordinal,
          at + 1,
          own.status,
          own.verdict,
          formatUsd(own.low),
          own.more === null ? null : formatUsd(own.low + own.more),
          own.status === 'started' ? null : new Date(),
        ],
      );
    }
  }
});
