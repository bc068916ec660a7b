import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { learnCommand } from '../cli/commands/learn.ts';
import { promoteCommand } from '../cli/commands/promote.ts';
import { simulateCommand } from '../cli/commands/simulate.ts';
import { whatIfCommand } from '../cli/commands/what-if.ts';
import { readPolicyFile, simulatedFile } from '../cli/simulate/policy-file.ts';
import type { CascadeAnswer } from '../client/index.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import { simulateQuery, type SimulatedPolicy, type SimulatedQuery } from '../learning/simulate.ts';
import type { RecordedQuery } from '../recorded/format.ts';
import { createScorerRegistry } from '../scorers/index.ts';
import { learnedScore } from '../scorers/learned/score.ts';
import { fakeContext } from './support/cli-stack.ts';
import { EMBEDDER, JUDGE, withEvidence, writeSet } from './support/made-evidence.ts';
import { LADDER, madeSet } from './support/made-set.ts';
import { REPLAY, useReplayWorld } from './support/replay-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'escalier-evidence-'));
const recorded = join(folder, 'set');
const out = join(folder, 'learned');
const settings = join(folder, 'escalier.yaml');

// Before the world's own, which reads it.
beforeAll(async () => {
  await writeSet(recorded, withEvidence(madeSet(LADDER, { queries: 160, silent: 0.1, doubt: 0.3 })));
});
const world = useReplayWorld({ folder: recorded });
let policy: SimulatedPolicy;

beforeAll(async () => {
  await writeFile(settings, settingsText(world.replay.url));
  await learnCommand(fakeContext({}), {
    ...{ recorded, settings, out, judge: JUDGE, embedder: EMBEDDER, budget: 0.7 },
    ...{ confidence: 0.9, include: [], seed: 1 },
  });
  const file = await readPolicyFile(join(out, 'policy.json'), createScorerRegistry(), learnedScore);
  expect(file.evidence).toEqual({ judge: JUDGE, embedder: EMBEDDER });
  expect(file.chain.length).toBeGreaterThan(1);
  policy = simulatedFile(file, world.set);
  await promoteCommand(fakeContext({ DATABASE_URL: world.database.url }), out, { settings });
});
afterAll(() => rm(folder, { recursive: true }));

function settingsText(url: string): string {
  const model = (name: string, input: number, output: number) =>
    `  ${name}: { provider: ${REPLAY}, max_output_tokens: 500, price: { input_usd_per_mtok: ${input}, output_usd_per_mtok: ${output} } }`;
  return [
    `providers: { ${REPLAY}: { base_url: '${url}' } }`,
    'models:',
    ...Object.entries(LADDER).map(([name, { usdPerMtok }]) => model(name, usdPerMtok, usdPerMtok)),
    model(JUDGE, 0.05, 0.4),
    model(EMBEDDER, 0.02, 0),
    'tasks:',
    '  sums:',
    '    chain: [tiny, large]',
    '    threshold: 0.5',
    '    max_cost_per_query_usd: 10',
    '    answer: { json: /answer, normalise: number }',
    '    scorer: agreement',
    '',
  ].join('\n');
}

const held = (): RecordedQuery[] => world.set.queries.filter(({ split }) => split === 'test');

function simulated(query: RecordedQuery): Promise<SimulatedQuery> {
  return simulateQuery(policy, query, (model) => world.set.responses.get(model)?.get(query.id));
}

interface Row {
  readonly purpose: string;
  readonly stage: number;
  readonly ordinal: number;
  readonly model: string;
  readonly status: string;
  readonly cost: string;
  readonly class: string;
}

async function rowsOf({ queryId }: Pick<CascadeAnswer, 'queryId'>): Promise<Row[]> {
  const { rows } = await world.database.pool.query<Row>(
    `select a.purpose, a.stage, a.ordinal, a.model, a.status, a.cost_high_usd::text as cost, s.spend_class as class
     from attempts a join attempt_spend s using (attempt_id) where a.query_id = $1 order by a.started_at, a.attempt_id`,
    [queryId],
  );
  return rows;
}

test('what serves says and costs what learning saw, and every request has its row', async () => {
  await world.setFaults({});
  let climbed = 0;
  for (const query of held().slice(0, 12)) {
    const answer = await world.client.ask({ task: 'sums', messages: query.messages });
    const run = await simulated(query);
    expect(answer.confidence).toBeCloseTo(run.confidence!, 9);
    expect(answer.stage).toBe(run.servedStage);
    expect(answer.outcome).toBe(run.outcome);
    expect(answer.costUsd).toBe(formatUsd(run.cost));
    const rows = await rowsOf(answer);
    const stages = Array.from({ length: run.calls }, (_, stage) => stage);
    const of = (purpose: string) => rows.filter((row) => row.purpose === purpose);
    expect(of('serve').map(({ stage }) => stage)).toEqual(stages);
    expect(of('embed').map(({ stage, model }) => [stage, model])).toEqual(
      stages.map((stage) => [stage, EMBEDDER]),
    );
    expect(of('score').map(({ stage, model }) => [stage, model])).toEqual(
      run.bought.filter(({ answer: own }) => own !== null).map(({ stage }) => [stage, JUDGE]),
    );
    expect(rows.every(({ status }) => status === 'succeeded')).toBe(true);
    expect(new Set(of('score').map((row) => row.class))).toEqual(new Set(of('score').map(() => 'scoring')));
    expect(new Set(of('embed').map((row) => row.class))).toEqual(new Set(['routing']));
    expect(formatUsd(rows.reduce((sum, { cost }) => sum + parseUsd(cost), 0n))).toBe(answer.costUsd);
    climbed += Number(run.calls > 1);
  }
  expect(climbed).toBeGreaterThan(0);
  const { rows } = await world.database.pool.query<{ classes: string; total: string }>(
    `select (select sum(cost_high_usd) from attempt_spend)::text as classes, (select sum(cost_high_usd) from attempts)::text as total`,
  );
  expect(rows[0]?.classes).toBe(rows[0]?.total);
  expect(formatUsd(parseUsd(rows[0]?.total ?? ''))).toBe(world.replay.meter.summary().billed_usd);
});

test('a scoring that is tried again buys nothing twice', async () => {
  const query = await firstThat(
    ({ calls, bought }) => calls > 1 && bought.every(({ answer }) => answer !== null),
  );
  await world.setFaults({
    rules: [
      { model: EMBEDDER, query: query.id, nth: 1, fault: { kind: 'rate-limit', retry_after_seconds: 1 } },
    ],
  });
  const answer = await world.client.ask({ task: 'sums', messages: query.messages });
  const run = await simulated(query);
  expect(answer.confidence).toBeCloseTo(run.confidence!, 9);
  expect(answer.costUsd).toBe(formatUsd(run.cost));
  const rows = await rowsOf(answer);
  const count = (purpose: string, status: string) =>
    rows.filter((row) => row.purpose === purpose && row.status === status).length;
  expect(count('score', 'succeeded')).toBe(run.calls);
  expect(count('embed', 'succeeded')).toBe(run.calls);
  expect(count('embed', 'failed')).toBe(1);
  expect(rows).toHaveLength(3 * run.calls + 1);
  expect(world.replay.meter.entries()).toHaveLength(3 * run.calls + 1);
});

test('a judge that gives no reply is missing, and is not asked again at the next stage', async () => {
  const query = await firstThat(
    ({ calls, bought }) => calls > 1 && bought.every(({ answer }) => answer !== null),
  );
  await world.setFaults({ rules: [{ model: JUDGE, nth: 1, fault: { kind: 'empty-content' } }] });
  const answer = await world.client.ask({ task: 'sums', messages: query.messages });
  expect(answer.confidence).not.toBeNull();
  const judged = (await rowsOf(answer)).filter(({ purpose }) => purpose === 'score');
  expect(judged.map(({ stage, status }) => [stage, status])).toEqual(
    judged.map((_row, stage) => [stage, stage === 0 ? 'failed' : 'succeeded']),
  );
});

test('an embedder that stays away leaves responses unscored, and the query is answered', async () => {
  await world.setFaults({ rules: [{ model: EMBEDDER, fault: { kind: 'server-error' } }] });
  const answer = await world.client.ask({ task: 'sums', messages: held()[20]!.messages });
  expect(answer).toMatchObject({ outcome: 'last-stage', confidence: null });
});

test('is simulated on recorded evidence, and what-if says why it cannot decide the past', async () => {
  const context = fakeContext({ DATABASE_URL: world.database.url }, { json: true });
  const file = join(out, 'policy.json');
  await simulateCommand(context, { recorded, policy: file, split: 'test', seed: 1 });
  const { policy: figures } = JSON.parse(context.printed.join('')) as {
    policy: { spend: { spendClass: string; share: { value: number } }[] };
  };
  const classes = figures.spend.map(({ spendClass }) => spendClass);
  expect(classes).toEqual(expect.arrayContaining(['scoring', 'routing']));
  expect(figures.spend.reduce((sum, { share }) => sum + share.value, 0)).toBeCloseTo(1, 9);
  await expect(whatIfCommand(context, { task: 'sums', policy: file })).rejects.toThrow(
    /judge-model and embedder-model.*escalier simulate/,
  );
  await expect(
    learnCommand(context, {
      ...{ fromLedger: true, task: 'sums', judge: JUDGE },
      ...{ confidence: 0.9, include: [], seed: 1 },
    }),
  ).rejects.toThrow(/escalier annotate/);
});

/** The first held-out query whose run is so, and that was not asked before. */
async function firstThat(is: (run: SimulatedQuery) => boolean): Promise<RecordedQuery> {
  for (const query of held().slice(20)) {
    if (asked.has(query.id) || !is(await simulated(query))) continue;
    asked.add(query.id);
    return query;
  }
  throw new Error('no query is so');
}
const asked = new Set<string>();
