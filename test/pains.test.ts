/**
 * What users of other gateways and evaluation tools have reported about their bills, each as a test that this ledger has to
 * pass. The reports are public: `owner/repository#number` on GitHub.
 */
import { createServer, type AddressInfo } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { CascadeError } from '../client/index.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import type { Policy, PolicyModel } from '../core/policy.ts';
import type { Price } from '../core/price.ts';
import { sumSpend, spendFromJson } from '../core/spend.ts';
import { chainOf, modelOf, policyOf, priceOf } from './support/policies.ts';
import { inParallel, replayProvider, useReplayWorld } from './support/replay-world.ts';
import { inTurn, refuses, says, stalls, streams, useScriptedServer } from './support/scripted-server.ts';

const server = useScriptedServer();
/** Where nothing listens. */
let deadUrl = '';
beforeAll(async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  deadUrl = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/v1`;
  await new Promise((resolve) => closed.close(resolve));
});
const world = useReplayWorld({
  providers: () => [
    { ...replayProvider(server.url), name: 'vendor' },
    { ...replayProvider(deadUrl), name: 'dead' },
  ],
});

const MESSAGES = [{ role: 'user' as const, content: 'What is six times seven?' }];
let tasks = 0;

interface Row {
  readonly attempt_id: string;
  readonly model: string;
  readonly status: string;
  readonly failure_kind: string | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly low: string;
  readonly high: string | null;
  readonly cost: string | null;
  readonly cost_source: string;
}

/** Serves queries under a task of its own: what came of each, and every row that they left, in order. */
async function serve(policy: Partial<Policy>, queries = 1) {
  const task = `pain-${++tasks}`;
  await world.apply(policyOf(task, policy));
  const results = await inParallel(
    Array.from({ length: queries }, (_, index) => index),
    queries,
    (index) =>
      world.client
        .ask({ task, messages: [...MESSAGES, { role: 'user', content: `Query ${index}.` }] })
        .catch((error: unknown) => {
          if (error instanceof CascadeError) return error;
          throw error;
        }),
  );
  const { rows } = await world.database.pool.query<Row>(
    `select attempt_id, model, status, failure_kind, input_tokens::float8, output_tokens::float8,
       trim_scale(cost_low_usd)::text as low, trim_scale(cost_high_usd)::text as high, trim_scale(cost_usd)::text as cost,
       cost_source
     from attempts where task = $1 order by started_at, attempt_id`,
    [task],
  );
  return { results, rows };
}

/** Every request that reached the vendor has one row, and no row is about another. */
function expectBooked(rows: readonly Row[]): void {
  expect(rows.map(({ attempt_id }) => attempt_id).sort()).toEqual(
    server.received.map(({ attemptId }) => attemptId).sort(),
  );
}

function alone(overrides: Partial<PolicyModel> = {}, price: Price = priceOf('1', '2')): PolicyModel[] {
  return [modelOf('small', price, overrides)];
}

describe('retries and timeouts', () => {
  test('timeouts times retries: every billed request is recorded (RISE-UNIBAS/humanities_data_benchmark#110)', async () => {
    server.script = { small: stalls };
    const { rows } = await serve({ chain: alone({ timeoutMs: 2_000, maxAttempts: 2 }) }, 20);
    expect(server.received).toHaveLength(40);
    expectBooked(rows);
  });

  test('a timed-out request may have been billed: bounds, not zero (Significant-Gravitas/AutoGPT#14292, llm-exe/llm-exe#797)', async () => {
    server.script = { small: stalls };
    const { rows, results } = await serve({ chain: alone({ timeoutMs: 300, maxAttempts: 1 }) });
    expect(rows).toMatchObject([{ status: 'failed', failure_kind: 'timeout', cost: null, low: '0' }]);
    // At least the whole output that the model may have put out: 1,000 tokens at $2 per million.
    expect(parseUsd(rows[0]!.high!) > parseUsd('0.002')).toBe(true);
    expect(results[0]!.costUsd).toBeNull();
    expect(parseUsd(results[0]!.costHighUsd!)).toBe(parseUsd(rows[0]!.high!));
  });

  test('a retry keeps the first request’s cost beside its own (promptdriven/pdd#509)', async () => {
    server.script = {
      small: inTurn(refuses(500, { input: 100, output: 10 }), says('42', { input: 100, output: 20 })),
    };
    const { rows, results } = await serve({ chain: alone() });
    // 100 × $1 + 10 × $2 per million, then 100 × $1 + 20 × $2.
    expect(rows.map(({ status, cost }) => [status, cost])).toEqual([
      ['failed', '0.00012'],
      ['succeeded', '0.00014'],
    ]);
    expect(results[0]!.costUsd).toBe('0.00026');
    expectBooked(rows);
  });

  test('one failure makes as many requests as the policy says, not SDK times workflow (synergycodes/workflowbuilder#117)', async () => {
    server.script = { small: refuses(503) };
    const { rows } = await serve({ chain: alone({ maxAttempts: 2 }) });
    expect(server.received).toHaveLength(2);
    expectBooked(rows);
  });
});

describe('streams', () => {
  const TOKENS = Array.from({ length: 806 }, (_, index) => ` ${index % 10}`);

  test('806 deltas are billed by the usage that closes them, not as one token (maximhq/bifrost#3709)', async () => {
    server.script = { small: streams(TOKENS, { input: 50, output: 806 }, 'whole') };
    const { rows } = await serve({ chain: alone({ stream: true }) });
    // 50 × $1 + 806 × $2 per million.
    expect(rows).toMatchObject([{ status: 'succeeded', output_tokens: 806, cost: '0.001662' }]);
  });

  test('a cut stream is a failure, is not free, and the next stage answers (Portkey-AI/gateway#1797)', async () => {
    server.script = {
      small: streams(TOKENS, { input: 50, output: 806 }, 'cut'),
      medium: says('42', { input: 50, output: 10 }),
    };
    const chain = chainOf(['small', 'medium'], { stream: true, maxAttempts: 1 }).map((model) =>
      model.model === 'small' ? model : { ...model, stream: false },
    );
    const { rows, results } = await serve({ chain });
    expect(rows).toMatchObject([
      { model: 'small', status: 'failed', failure_kind: 'stream-cut', cost: null },
      { model: 'medium', status: 'succeeded' },
    ]);
    const billed = parseUsd('0.001662');
    expect(parseUsd(rows[0]!.low) <= billed && billed <= parseUsd(rows[0]!.high!)).toBe(true);
    expect(results[0]).toMatchObject({ text: '42', model: 'medium' });
  });

  test('a client that hangs up before the usage chunk has not called for free (BerriAI/litellm#14457, #13245; theopenco/llmgateway#3331)', async () => {
    server.script = { small: streams(TOKENS, { input: 50, output: 806 }, 'open') };
    const { rows } = await serve({
      chain: alone({ stream: true }),
      limits: { maxCostUsd: null, deadlineMs: 5_000 },
    });
    expect(rows).toHaveLength(1);
    const [row] = rows;
    expect(row!.cost).toBeNull();
    const billed = parseUsd('0.001662');
    expect(parseUsd(row!.low) <= billed && billed <= parseUsd(row!.high!)).toBe(true);
    expect(parseUsd(row!.low), 'a stream that came proves that the request was taken').toBeGreaterThan(0n);
    expectBooked(rows);
  });
});

describe('calls that never happened', () => {
  test('a stream that ends before its first token is not charged for a guessed prompt (QuantumNous/new-api#4199)', async () => {
    server.script = { small: streams([], { input: 50, output: 0 }, 'cut') };
    const { rows } = await serve({ chain: alone({ stream: true, maxAttempts: 1 }) });
    expect(rows).toMatchObject([{ status: 'failed', cost: null, low: '0' }]);
  });

  test.each([
    ['a connection that was refused', { provider: 'dead' }, stalls, 0],
    ['a rate limit', {}, refuses(429), 1],
    ['a request that the vendor refused', {}, refuses(400), 1],
  ])('%s costs nothing (QuantumNous/new-api#4199)', async (_, overrides, answer, requests) => {
    server.script = { small: answer };
    const { rows } = await serve({ chain: alone({ maxAttempts: 1, ...overrides }) });
    expect(server.received).toHaveLength(requests);
    expect(rows).toMatchObject([{ status: 'failed', cost: '0', low: '0', high: '0' }]);
  });
});

describe('prices and usage', () => {
  test('each attempt of a fallback is priced at its own model (BerriAI/litellm#39294, #8810)', async () => {
    server.script = {
      small: refuses(500, { input: 1000, output: 0 }),
      medium: says('', { input: 1000, output: 100 }, 'length'),
      large: says('42', { input: 1000, output: 100 }),
    };
    const { rows, results } = await serve({ chain: chainOf(undefined, { maxAttempts: 1 }) });
    // $1; $5 and $10; $50 and $100 per million.
    expect(rows.map(({ model, cost }) => [model, cost])).toEqual([
      ['small', '0.001'],
      ['medium', '0.006'],
      ['large', '0.06'],
    ]);
    expect(results[0]!.costUsd).toBe('0.067');
  });

  test('reasoning and cached tokens are priced once, as such (BerriAI/litellm#18599, #26016; langfuse/langfuse#12531, #10592; Aider-AI/aider#5516)', async () => {
    const price: Price = {
      ...priceOf('10', '40'),
      id: 'test-parts',
      rates: { input: '10', output: '40', cachedInput: '1', reasoning: '20' },
    };
    server.script = { small: says('42', { input: 1000, cached: 800, output: 500, reasoning: 400 }) };
    const { rows } = await serve({ chain: alone({}, price) });
    // 200 × $10 + 800 × $1 + 100 × $40 + 400 × $20 per million.
    expect(rows).toMatchObject([{ input_tokens: 1000, output_tokens: 500, cost: '0.0148' }]);
  });

  test('reasoning that eats max_tokens leaves an empty 200, which is billed (covan-ai/covan#112, lenneTech/nest-server#607)', async () => {
    server.script = { small: says('', { input: 100, output: 1000, reasoning: 1000 }, 'length') };
    const { rows, results } = await serve({ chain: alone() });
    // 100 × $1 + 1,000 × $2 per million, and no second try: it would end the same way.
    expect(rows).toMatchObject([
      { status: 'failed', failure_kind: 'empty-response', output_tokens: 1000, cost: '0.0021' },
    ]);
    expect(results[0]).toBeInstanceOf(CascadeError);
    expect(results[0]!.costUsd).toBe('0.0021');
  });

  test('a 200 without a usage is not estimated into a figure (theopenco/llmgateway#3546)', async () => {
    server.script = { small: says('42', null) };
    const { rows } = await serve({ chain: alone() });
    expect(rows).toMatchObject([
      { status: 'succeeded', cost: null, cost_source: 'estimate', input_tokens: null },
    ]);
  });

  test('a usage that contradicts itself is not priced', async () => {
    server.script = { small: says('42', { input: 10, cached: 17_480_000, output: 5 }) };
    const { rows } = await serve({ chain: alone() });
    expect(rows).toMatchObject([{ status: 'succeeded', cost: null, cost_source: 'estimate' }]);
    expect(parseUsd(rows[0]!.high!) < parseUsd('0.01')).toBe(true);
  });

  test('a changed price reaches new queries only; old rows keep theirs (Helicone/helicone#2983, #4893; ding113/claude-code-hub#869)', async () => {
    server.script = { small: says('42', { input: 1000, output: 0 }) };
    const before = await serve({ chain: alone({}, priceOf('1', '2')) });
    const after = await serve({ chain: alone({}, priceOf('3', '4')) });
    expect([before.rows[0]!.cost, after.rows[0]!.cost]).toEqual(['0.001', '0.003']);
    const { rows } = await world.database.pool.query<{ cost: string; input: string }>(
      `select trim_scale(a.cost_usd)::text as cost, p.rates->>'input' as input
       from attempts a join prices p using (price_id) where a.attempt_id = any($1) order by a.started_at`,
      [[before.rows[0]!.attempt_id, after.rows[0]!.attempt_id]],
    );
    expect(rows).toEqual([
      { cost: '0.001', input: '1' },
      { cost: '0.003', input: '3' },
    ]);
  });
});

test('spend is written by many at once without a deadlock, and adds up (BerriAI/litellm#6895, #21046)', async () => {
  server.script = {
    small: says('1', { input: 100, output: 10 }),
    medium: says('2', { input: 100, output: 10 }),
    large: says('2', { input: 100, output: 10 }),
  };
  const { rows, results } = await serve({}, 100);
  expect(rows).toHaveLength(300);
  expectBooked(rows);
  const told = sumSpend(results.map(spendFromJson));
  const booked = rows.reduce((sum, { cost }) => sum + parseUsd(cost!), 0n);
  expect(formatUsd(told.low)).toBe(formatUsd(booked));
  const { rows: deadlocks } = await world.database.pool.query<{ deadlocks: string }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  expect(deadlocks).toEqual([{ deadlocks: '0' }]);
});
