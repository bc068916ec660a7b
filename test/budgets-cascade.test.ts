import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BudgetError, type CascadeAnswer } from '../client/index.ts';
import { demoPolicy } from '../cli/demo/policy.ts';
import type { Budget } from '../core/budget.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import type { Policy } from '../core/policy.ts';
import { budgetsNow, type BudgetNow } from '../ledger/budget-limits.ts';
import { inTransaction } from '../ledger/database.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { localScorer } from './support/policies.ts';
import { askOf, inParallel, SYNTHETIC, useReplayWorld, withModels } from './support/replay-world.ts';

/**
 * The synthetic set at a hundred times its prices, so that a hundred queries cost more than a dollar. At their worst (60
 * tokens of output) a request to small, medium and large then costs about $0.004, $0.02 and $0.2.
 */
const DEARER = 100;
const folder = await mkdtemp(join(tmpdir(), 'escalier-budgets-'));
await cp(SYNTHETIC, folder, { recursive: true });
const file = join(folder, 'models.json');
const models = JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, number>>;
for (const model of Object.values(models)) {
  for (const price of ['input_usd_per_mtok', 'output_usd_per_mtok']) model[price]! *= DEARER;
}
await writeFile(file, JSON.stringify(models));
afterAll(() => rm(folder, { recursive: true, force: true }));

const world = useReplayWorld({ folder });
let policy: Policy;

beforeAll(() => {
  policy = withModels(demoPolicy(world.set, ['small', 'medium', 'large']), () => ({ maxOutputTokens: 60 }));
});

/** A policy that is never sure, so that only money ends the climb before its last stage. */
function climbs(task: string, atBudget?: 'cheapest' | 'fail'): Policy {
  return {
    ...policy,
    task,
    scorer: localScorer('constant', { confidence: 0 }),
    limits: { ...policy.limits, ...(atBudget === undefined ? {} : { atBudget }) },
  };
}

function perDay(task: string, limitUsd: string): Budget {
  return { scopeKind: 'task', scope: task, period: 'day', limitUsd };
}

async function state(scope: string): Promise<BudgetNow> {
  const found = (await budgetsNow(world.database.pool)).find((budget) => budget.scope === scope);
  if (found === undefined) throw new Error(`there is no budget of ${scope}`);
  return found;
}

/** The answer, or the error where money ran out. */
function ask(nth: number, task: string, tenant?: string): Promise<CascadeAnswer | BudgetError> {
  const request = { ...askOf(world.set.queries[nth]!, task), ...(tenant === undefined ? {} : { tenant }) };
  return world.client.ask(request).catch((error: unknown) => {
    if (error instanceof BudgetError) return error;
    throw error;
  });
}

test('a hundred queries at once on a budget of a dollar cost no more by the vendor’s meter, and the rest is used after them', async () => {
  await world.setFaults({});
  await applyPolicies(
    world.database.pool,
    [{ ...policy, task: 'crowd' }, climbs('alone')],
    [{ scopeKind: 'tenant', scope: 'acme', period: 'day', limitUsd: '1' }],
  );
  await world.database.pool.query(`
    alter table budget_periods add constraint never_over check (committed_usd <= limit_usd) not valid`);
  const crowd = await inParallel(
    Array.from({ length: 100 }, (_, nth) => nth),
    100,
    (nth) => ask(nth, 'crowd', 'acme'),
  );
  const afterCrowd = await state('acme');
  expect(afterCrowd).toMatchObject({ committedUsd: world.replay.meter.summary().billed_usd, openUsd: '0' });
  // All of them cost more than a dollar, so some were denied; how many depends on how many were open at once.
  expect(afterCrowd.denials).toBeGreaterThan(0);

  const alone: (CascadeAnswer | BudgetError)[] = [];
  while ((await state('acme')).denials === afterCrowd.denials) {
    alone.push(await ask(alone.length, 'alone', 'acme'));
  }
  await world.database.pool.query('alter table budget_periods drop constraint never_over');

  const billed = parseUsd(world.replay.meter.summary().billed_usd);
  expect(billed).toBeLessThanOrEqual(parseUsd('1'));
  // Nothing is held any more: what is committed is what was billed, to the picodollar.
  expect(await state('acme')).toMatchObject({ committedUsd: formatUsd(billed), openUsd: '0' });
  // Alone, a request is denied only where its worst case, at most $0.25, does not fit into what is left.
  expect(billed).toBeGreaterThan(parseUsd('0.75'));
  for (const end of [...crowd, ...alone]) {
    if (end instanceof BudgetError) expect(end.attempts).toEqual([]);
    else expect(end.accepted).toBe(end.outcome !== 'budget');
  }
});

test('stop: the best answer so far is served, and without one it is an error that names the budget', async () => {
  await applyPolicies(world.database.pool, [climbs('stops')], [perDay('stops', '0.1')]);
  const answer = await ask(0, 'stops');
  expect(answer).toMatchObject({ outcome: 'budget', accepted: false });
  expect(answer.attempts.map(({ model }) => model)).toEqual(['small', 'medium']);

  await applyPolicies(world.database.pool, [climbs('stops')], [perDay('stops', '0.001')]);
  const error = await ask(1, 'stops');
  expect(error).toBeInstanceOf(BudgetError);
  const today = new Date().toISOString().slice(0, 10);
  const tomorrow = new Date(Date.parse(`${today}T00:00:00Z`) + 86_400_000).toISOString();
  const { message } = error as BudgetError;
  expect(message).toContain(`the budget of task "stops" for the day ${today} (UTC) has $0 left of $0.001`);
  expect(message).toContain((await state('stops')).committedUsd);
  expect(message).toContain('a request to small could cost up to $0.00');
  expect(message).toContain(`begins anew at ${tomorrow}`);
  expect(message).not.toContain('per query');
});

test('fail: money that runs out is an error, also where there is a response', async () => {
  await applyPolicies(world.database.pool, [climbs('fails', 'fail')], [perDay('fails', '0.1')]);
  const error = await ask(0, 'fails');
  expect(error).toBeInstanceOf(BudgetError);
  expect(error.attempts.map(({ model, verdict }) => [model, verdict])).toEqual([
    ['small', null],
    ['medium', null],
  ]);
  expect((error as BudgetError).message).toMatch(/at_limit: fail.*the budget of task "fails"/);
});

test('fail: holds for the limit per query, too', async () => {
  const own = climbs('fails-query', 'fail');
  await world.apply({ ...own, limits: { ...own.limits, maxCostUsd: '0.1' } });
  const error = await ask(0, 'fails-query');
  expect(error).toBeInstanceOf(BudgetError);
  expect((error as BudgetError).message).toMatch(/the limit of \$0\.1 per query .*at_limit: fail/);
});

test('cheapest: later stages leave the last tenth to first stages, which go on until it is used up', async () => {
  const limit = '0.06';
  await applyPolicies(world.database.pool, [climbs('cheapest', 'cheapest')], [perDay('cheapest', limit)]);
  const ends: (CascadeAnswer | BudgetError)[] = [];
  while (!(ends.at(-1) instanceof BudgetError)) ends.push(await ask(ends.length, 'cheapest'));
  const answers = ends.slice(0, -1) as CascadeAnswer[];
  const deepest = answers.map(({ attempts }) => attempts.length);
  expect(deepest[0]).toBe(2);
  // Once medium is denied it stays so, and small goes on alone.
  expect(deepest).toEqual([...deepest].sort((a, b) => b - a));
  const alone = deepest.filter((stages) => stages === 1);
  expect(alone.length).toBeGreaterThan(3);
  const { committedUsd } = await state('cheapest');
  expect(parseUsd(committedUsd) * 10n).toBeGreaterThan(parseUsd(limit) * 9n);
  const { rows } = await world.database.pool.query<{ later: string }>(
    `select sum(cost_usd)::text as later from attempts where task = 'cheapest' and started_at <=
       (select max(started_at) from attempts where task = 'cheapest' and stage > 0)`,
  );
  expect(parseUsd(rows[0]!.later) * 10n).toBeLessThanOrEqual(parseUsd(limit) * 9n);
});

test('a limit that is raised while a query runs holds for its next call', async () => {
  const { pool } = world.database;
  await applyPolicies(pool, [climbs('raised')], [perDay('raised', '0.1')]);
  expect(await ask(0, 'raised')).toMatchObject({ outcome: 'budget' });
  let running: Promise<CascadeAnswer | BudgetError> | undefined;
  await inTransaction(pool, async (db) => {
    await db.query({ text: `select from budget_periods where scope = 'raised' for update` });
    running = ask(1, 'raised');
    for (;;) {
      const { rows } = await pool.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows[0]!.n > 0) break;
    }
    await applyPolicies(pool, [climbs('raised')], [perDay('raised', '5')]);
  });
  const answer = await running;
  expect(answer).toMatchObject({ outcome: 'last-stage' });
  expect(answer!.attempts.map(({ model }) => model)).toEqual(['small', 'medium', 'large']);
});
