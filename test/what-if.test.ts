import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whatIfCommand, type WhatIfOptions } from '../cli/commands/what-if.ts';
import { simulateAll } from '../cli/demo/check.ts';
import { chooseChain, demoPolicy } from '../cli/demo/policy.ts';
import { subjectOf, type Question } from '../cli/what-if/subject.ts';
import type { Outcome } from '../core/cascade.ts';
import type { Verdict } from '../core/verdict.ts';
import { parseUsd } from '../core/money.ts';
import type { Policy } from '../core/policy.ts';
import type { PastQuery } from '../core/past-query.ts';
import type { SpendJson } from '../core/spend.ts';
import { thresholdsOf, type StopRule } from '../core/stop-rule.ts';
import { labelAttempt } from '../ledger/labels.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { eachPastQuery } from '../ledger/past-queries.ts';
import { endQuery } from '../ledger/end-query.ts';
import { createScorerRegistry } from '../scorers/index.ts';
import { fakeContext } from './support/cli-stack.ts';
import { useDatabase } from './support/database.ts';
import { attempted, started, storedPolicy } from './support/ledger.ts';
import { chainOf } from './support/policies.ts';
import { askOf, inParallel, useReplayWorld } from './support/replay-world.ts';

interface Then {
  queries: number;
  cost: SpendJson;
  labelled: number;
  correct: number;
}
interface Printed {
  exact: { then: Then; cost: SpendJson; labelled: number; correct: number; servedOtherwise: number };
  bounded: { then: Then; cost: SpendJson };
  unknown: { then: Then; reasons: Record<string, number> };
}

async function whatIf(url: string, options: WhatIfOptions): Promise<Printed> {
  const context = fakeContext({ DATABASE_URL: url }, { json: true });
  await whatIfCommand(context, options);
  return JSON.parse(context.printed.join('\n')) as Printed;
}

const counts = ({ exact, bounded, unknown }: Printed) => ({
  exact: exact.then.queries,
  bounded: bounded.then.queries,
  unknown: unknown.then.queries,
});

describe('what the ledger recorded', () => {
  const database = useDatabase();
  const names = ['small', 'medium', 'large'];

  /** A query by its responses, a cent each: confidence, verdict, label. */
  async function climbed(
    outcome: Outcome,
    confidence: number,
    responses: readonly (readonly [confidence: number, verdict: Verdict, label?: boolean])[],
  ): Promise<void> {
    const { pool } = database;
    const query = await started(pool, 'triage');
    const judgements = [];
    for (const [stage, [own, verdict]] of responses.entries()) {
      const attemptId = await attempted(pool, query, { task: 'triage', stage, model: names[stage]! });
      judgements.push({ attemptId, verdict, confidence: own, threshold: 0.8 });
    }
    const at = judgements.findIndex(({ verdict }) => verdict === 'accepted');
    const { rows } = await pool.query<{ run_id: string }>('select run_id from queries where query_id = $1', [
      query.queryId,
    ]);
    await endQuery(pool, {
      ...query,
      ...{ runId: rows[0]!.run_id, outcome, judgements, failureMessage: null, retention: 'none' as const },
      served: { attemptId: judgements[at]!.attemptId, stage: at, answer: '42', confidence, threshold: 0.8 },
      servedModel: names[at]!,
    });
    for (const [stage, [, , correct]] of responses.entries()) {
      if (correct === undefined) continue;
      const { attemptId } = judgements[stage]!;
      await labelAttempt(pool, { ...query, attemptId, correct, source: 'reference' });
    }
  }

  beforeAll(async () => {
    const scorer = { name: 'judge', options: {}, models: [], remote: true, scoresLastStage: true };
    await applyPolicies(database.pool, [
      storedPolicy('triage', { chain: chainOf(), thresholds: [0.8, 0.8, 0.8], scorer }),
    ]);
    await climbed('accepted', 0.9, [[0.9, 'accepted', true]]);
    await climbed('accepted', 0.85, [
      [0.7, 'rejected', false],
      [0.85, 'accepted', true],
    ]);
    await climbed('accepted', 0.9, [
      [0.5, 'accepted'],
      [0.75, 'corroborated', true],
      [0.9, 'corroborated'],
    ]);
    await climbed('last-stage', 0.6, [
      [0.3, 'rejected'],
      [0.4, 'rejected'],
      [0.6, 'accepted', false],
    ]);
    await climbed('deadline', 0.7, [[0.7, 'accepted']]);
  });

  test('is read query by query, with newest labels and amounts to the last digit', async () => {
    const read: PastQuery[] = [];
    await eachPastQuery(database.pool, { task: 'triage' }, (query) => {
      read.push(query);
      return Promise.resolve();
    });
    expect(read.map(({ outcome, attempts }) => [outcome, attempts.length])).toEqual([
      ['accepted', 1],
      ['accepted', 2],
      ['accepted', 3],
      ['last-stage', 3],
      ['deadline', 1],
    ]);
    expect(read[1]!.attempts[0]).toMatchObject({
      ...{ purpose: 'serve', stage: 0, model: 'small', status: 'succeeded', verdict: 'rejected' },
      ...{ confidence: 0.7, threshold: 0.8, inputTokens: 100, correct: false, failureKind: null },
      spend: { low: 10_000_000_000n, high: 10_000_000_000n },
    });
    const other: PastQuery[] = [];
    await eachPastQuery(database.pool, { task: 'triage', until: '2020-01-01' }, (query) => {
      other.push(query);
      return Promise.resolve();
    });
    expect(other).toEqual([]);
  });

  test('answers for the recorded thresholds as it was', async () => {
    const found = await whatIf(database.url, { task: 'triage', threshold: 0.8 });
    expect(counts(found)).toEqual({ exact: 5, bounded: 0, unknown: 0 });
    expect(found.exact.cost).toEqual(found.exact.then.cost);
    expect(found.exact.servedOtherwise).toBe(0);
    // The third query's answer is right because a response that agrees is.
    expect(found.exact).toMatchObject({ labelled: 4, correct: 3, then: { labelled: 4, correct: 3 } });
  });

  test('a lower threshold stops earlier, and is exact where the best candidate’s confidence was kept', async () => {
    const found = await whatIf(database.url, { task: 'triage', threshold: 0.6 });
    // The fourth query: after the second stage one of two candidates was best, and only the newest one's confidence is known.
    expect(counts(found)).toEqual({ exact: 4, bounded: 0, unknown: 1 });
    expect(found.unknown.reasons).toEqual({ 'other-candidates': 1 });
    // 1, 1, 2 and 1 cents; they were 1, 2, 3 and 1.
    expect(found.exact.cost.costUsd).toBe('0.05');
    expect(found.exact.then.cost.costUsd).toBe('0.07');
    // The second query would have served the small model's answer, which is wrong.
    expect(found.exact).toMatchObject({ servedOtherwise: 1, labelled: 3, correct: 2 });
  });

  test('a higher threshold is bounded where its next stage was not called', async () => {
    const found = await whatIf(database.url, { task: 'triage', threshold: 0.88 });
    expect(counts(found)).toEqual({ exact: 4, bounded: 1, unknown: 0 });
    // 100 tokens of input at $50 per million; at most 1,000 tokens of output at $100 per million more. Two cents are spent.
    expect(found.bounded.cost).toEqual({ costUsd: null, costLowUsd: '0.025', costHighUsd: '0.125' });
    expect(found.exact.cost.costUsd).toBe('0.08');
  });

  test('all stages to the end of the chain may follow', async () => {
    const found = await whatIf(database.url, { task: 'triage', threshold: 0.95 });
    // The last stage is served at any threshold, and what a deadline ended it ends again.
    expect(counts(found)).toEqual({ exact: 3, bounded: 2, unknown: 0 });
    // First query: 0.01 + 0.0005, at most 0.01 + 0.0105 + 0.105. Second: 0.025 to 0.125.
    expect(found.bounded.cost).toMatchObject({ costLowUsd: '0.0355', costHighUsd: '0.2505' });
  });

  test('another chain is known as far as it is the same', async () => {
    const skipped = await whatIf(database.url, { task: 'triage', threshold: 0.6, chain: ['small', 'large'] });
    expect(counts(skipped)).toEqual({ exact: 3, bounded: 0, unknown: 2 });
    expect(skipped.unknown.reasons).toEqual({ 'another-chain': 2 });
    const shorter = await whatIf(database.url, { task: 'triage', chain: ['small', 'medium'] });
    expect(counts(shorter)).toEqual({ exact: 4, bounded: 0, unknown: 1 });
    // 1, 2, 2 and 1 cents.
    expect(shorter.exact.cost.costUsd).toBe('0.06');
  });

  test('is told in words, without a total', async () => {
    const context = fakeContext({ DATABASE_URL: database.url });
    await whatIfCommand(context, { task: 'triage', threshold: 0.6 });
    const text = context.printed.join('\n');
    expect(text).toContain('Task triage: 5 ended queries, decided again');
    expect(text).toMatch(/exact +4 +\$0\.07000 +\S+% of 3 labelled +\$0\.05000/);
    expect(text).toContain('Unknown for 1: another candidate’s confidence would decide');
  });

  test('asks what is asked', async () => {
    await expect(whatIf(database.url, { task: 'triage' })).rejects.toThrow(
      '--threshold, --chain or --policy',
    );
    await expect(whatIf(database.url, { task: 'triage', threshold: 2 })).rejects.toThrow('from 0 to 1');
  });
});

test('a learned rule decides again as it did, unless another threshold or chain is asked about', () => {
  const rule: StopRule = {
    ...{ type: 'value', lambdaUsd: 1 },
    steps: [
      {
        ...{ priceUsd: 0.4, spent: { meanUsd: 0.1, slope: 2 } },
        gain: { confidence: [0, 1], gain: [1, 0] },
      },
    ],
  };
  const recorded = storedPolicy('ruled', {
    ...{ chain: chainOf(['small', 'large']), thresholds: thresholdsOf(rule, 2) },
    learned: { policySha256: 'e'.repeat(64), rule, modelAccuracy: [0.7, 0.9], certificate: null },
  });
  const asked = (question: Partial<Question>) =>
    subjectOf(recorded, { threshold: null, chain: null, policy: null, ...question }, createScorerRegistry())
      .whatIf.stopRule;
  expect(asked({})).toEqual(rule);
  expect(asked({ chain: ['small', 'large'] })).toEqual(rule);
  expect(asked({ threshold: 0.5 })).toBeUndefined();
  expect(asked({ chain: ['small', 'medium'] })).toBeUndefined();
});

describe('what was served', () => {
  const world = useReplayWorld();
  const COUNT = 30;
  let policy: Policy;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'escalier-what-if-'));
    policy = demoPolicy(world.set, chooseChain(world.set));
    await world.apply(policy);
    await inParallel(world.set.queries.slice(0, COUNT), 20, (query) => world.client.ask(askOf(query)));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Cost of those queries for which the policy buys nothing new, and of the others. */
  async function simulated(other: Policy) {
    const queries = world.set.queries.slice(0, COUNT);
    const [was, is] = [
      await simulateAll(world.set, policy, queries),
      await simulateAll(world.set, other, queries),
    ];
    const sum = (within: boolean) =>
      is
        .filter(({ calls }, at) => calls <= was[at]!.calls === within)
        .reduce((sums, { cost }) => ({ n: sums.n + 1, cost: sums.cost + cost }), { n: 0, cost: 0n });
    return { within: sum(true), beyond: sum(false) };
  }

  test.each([0.4, 0.6, 0.7])('at a threshold of %f is what the simulator says', async (threshold) => {
    const { within, beyond } = await simulated({
      ...policy,
      thresholds: policy.thresholds.map(() => threshold),
    });
    const found = await whatIf(world.database.url, { task: policy.task, threshold });
    expect(counts(found)).toEqual({ exact: within.n, bounded: beyond.n, unknown: 0 });
    expect(parseUsd(found.exact.cost.costUsd!)).toBe(within.cost);
    expect(parseUsd(found.bounded.cost.costLowUsd)).toBeLessThanOrEqual(beyond.cost);
    expect(parseUsd(found.bounded.cost.costHighUsd!)).toBeGreaterThanOrEqual(beyond.cost);
  });

  test('another scorer scores the texts again', async () => {
    const scorer = { ...policy.scorer, options: { prior: 0.4 } };
    // One of one: 0.71. One of two: 0.42, two of two: 0.83.
    const thresholds = [0.75, 0.75, 0.75];
    const { within, beyond } = await simulated({ ...policy, scorer, thresholds });
    const file = join(folder, 'policy.json');
    const written = {
      ...{ formatVersion: 1, task: policy.task, answer: policy.answer, thresholds },
      ...{
        chain: policy.chain.map(({ model }) => model),
        scorer: { name: scorer.name, options: scorer.options },
      },
    };
    await writeFile(file, JSON.stringify(written));
    const found = await whatIf(world.database.url, { task: policy.task, policy: file });
    expect(counts(found)).toEqual({ exact: within.n, bounded: beyond.n, unknown: 0 });
    expect(parseUsd(found.exact.cost.costUsd!)).toBe(within.cost);

    await world.database.pool.query('delete from texts');
    const without = await whatIf(world.database.url, { task: policy.task, policy: file });
    expect(without.unknown).toMatchObject({ then: { queries: COUNT }, reasons: { 'another-scorer': COUNT } });
  });
});
