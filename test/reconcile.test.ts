import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { reconcileCommand } from '../cli/commands/reconcile.ts';
import { CliError, EXIT } from '../cli/exit.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import { costOf, type Rates } from '../core/price.ts';
import { exactly } from '../core/spend.ts';
import { NO_USAGE } from '../core/usage.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { keepPrices } from '../ledger/prices.ts';
import type { Close } from '../ledger/close-attempt.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import { fakeContext } from './support/cli-stack.ts';
import { attempted, started, storedPolicy } from './support/ledger.ts';

const RATES: Rates = { input: '2', cachedInput: '0.5', output: '8' };
const DEARER: Rates = { input: '3', cachedInput: '0.75', output: '12' };
const usage = { ...NO_USAGE, inputTokens: 1000, cachedInputTokens: 400, outputTokens: 100 };
/** 600 × $2 + 400 × $0.50 + 100 × $8 per million. */
const EACH = costOf(usage, RATES);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-reconcile-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let database: TestDatabase;
let requests = 0;
beforeEach(async () => {
  database = await createDatabase();
  await applyPolicies(database.pool, [storedPolicy('task')]);
  for (const [id, rates] of [
    ['usual', RATES],
    ['dearer', DEARER],
  ] as const) {
    await keepPrices(database.pool, { provider: 'vendor', modelId: 'gpt-4o' }, [
      { id, source: 'test', from: null, daily: null, rates },
    ]);
  }
  return () => database.pool.end();
});

/** Of the current month, which has its partition: a day from 1 to 28. */
const MONTH = new Date().toISOString().slice(0, 8);
const day = (number: number): string => `${MONTH}${String(number).padStart(2, '0')}`;

/** An attempt that started at noon of that day, and its request id. */
async function attemptOn(
  number: number,
  close: Partial<Close> = {},
  priceId: string | null = 'usual',
): Promise<{ attemptId: string; requestId: string }> {
  const { pool } = database;
  const query = await started(pool, 'task');
  const requestId = `req_${++requests}`;
  const attemptId = await attempted(
    pool,
    query,
    { modelId: 'gpt-4o', priceId },
    { usage, cost: exactly(EACH), reportedModel: 'gpt-4o-2024-08-06', requestId, ...close },
  );
  await pool.query(`update attempts set started_at = $2, query_started_at = $3 where attempt_id = $1`, [
    attemptId,
    `${day(number)}T12:00:00Z`,
    `${day(1)}T00:00:00Z`,
  ]);
  return { attemptId, requestId };
}

interface Result {
  readonly code: number;
  readonly drift: string | null;
  readonly outside: number;
  readonly cells: readonly {
    day: string;
    model: string;
    status: string;
    difference: string;
    hypotheses: { kind: string; closes: boolean; low: string; samples: string[]; requests: number }[];
  }[];
  readonly lines: readonly { line: number; id: string; attemptId: string | null; ledger: string | null }[];
  readonly unbilled: readonly { requestId: string }[];
  readonly priceChanges: readonly unknown[];
}

async function reconcile(csv: string, options: { tolerance?: string; map?: string[] } = {}): Promise<Result> {
  const file = join(folder, 'invoice.csv');
  await writeFile(file, csv);
  const context = fakeContext({ DATABASE_URL: database.url }, { json: true });
  const code = await reconcileCommand(context, file, {
    map: options.map ?? [],
    amountUnit: 'usd',
    tolerance: options.tolerance ?? '0.5%',
  }).then(
    () => EXIT.ok,
    (error: unknown) => {
      if (context.printed.length === 0 || !(error instanceof CliError)) throw error;
      return error.exitCode;
    },
  );
  return { ...(JSON.parse(context.printed.join('')) as Omit<Result, 'code'>), code };
}

function times(amount: bigint, numerator: bigint, denominator = 100n): string {
  return formatUsd((amount * numerator) / denominator);
}

function closing(result: Result, number: number): string[] {
  return result.cells
    .filter((cell) => cell.day === day(number))
    .flatMap(({ hypotheses }) => hypotheses.filter(({ closes }) => closes).map(({ kind }) => kind));
}

describe('escalier reconcile', () => {
  test('an invoice that agrees: no drift, exit code 0, by the vendor’s own day and name of the model', async () => {
    await attemptOn(3);
    await attemptOn(3);
    await attemptOn(4);
    const result = await reconcile(
      `Date,Model,Cost USD,requests\n${day(3)},gpt-4o-2024-08-06,${times(EACH, 200n)},2\n${day(4)}T23:59:59Z,gpt-4o,${times(EACH, 100n)},1\n`,
    );
    // The second line names the model as it was asked for: one name per invoice is enough where the other is not on it.
    expect(result.cells.map(({ day: at, model }) => `${at} ${model}`)).toContain(
      `${day(3)} gpt-4o-2024-08-06`,
    );
    const same = await reconcile(
      `date,model,amount\n${day(3)},gpt-4o,${times(EACH, 200n)}\n${day(4)},gpt-4o,${times(EACH, 100n)}\n`,
    );
    expect(same).toMatchObject({ code: EXIT.ok, drift: '0%', outside: 0, lines: [] });
    expect(same.cells.map(({ status, difference }) => [status, difference])).toEqual([
      ['match', '0'],
      ['match', '0'],
    ]);
  });

  test('2% more from a day on: a price that the book does not have', async () => {
    for (const number of [2, 3, 4]) await attemptOn(number);
    const result = await reconcile(
      `date,model,amount,requests,input_tokens,output_tokens\n${day(2)},gpt-4o,${times(EACH, 100n)},1,1000,100\n` +
        [3, 4].map((number) => `${day(number)},gpt-4o,${times(EACH, 102n)},1,1000,100\n`).join(''),
    );
    expect(result).toMatchObject({ code: EXIT.drift, drift: '1.33%', outside: 2 });
    expect(result.priceChanges).toEqual([{ model: 'gpt-4o', from: day(3), factor: '1.02' }]);
    expect(closing(result, 2)).toEqual([]);
    expect(closing(result, 3)).toEqual(['changed-price']);
  });

  test('cached tokens billed at the full rate', async () => {
    const { attemptId, requestId } = await attemptOn(3);
    const full = costOf({ ...usage, cachedInputTokens: 0 }, RATES);
    const result = await reconcile(`date,model,amount\n${day(3)},gpt-4o,${formatUsd(full)}\n`);
    expect(result.code).toBe(EXIT.drift);
    expect(closing(result, 3)).toEqual(['cached-as-uncached']);
    expect(result.cells[0]!.hypotheses[0]).toMatchObject({
      low: formatUsd(full - EACH),
      requests: 1,
      samples: [`${attemptId} ${requestId}`],
    });
  });

  test('requests that the ledger lacks, priced by their tokens', async () => {
    await attemptOn(3);
    const more = costOf({ ...NO_USAGE, inputTokens: 500, outputTokens: 50 }, RATES);
    const result = await reconcile(
      `date,model,amount,requests,input_tokens,cached_tokens,output_tokens\n${day(3)},gpt-4o,${formatUsd(EACH + more)},2,1500,400,150\n`,
    );
    expect(closing(result, 3)).toEqual(['missing-requests']);
    expect(result.cells[0]!.hypotheses[0]).toMatchObject({ low: formatUsd(more), requests: 1 });
  });

  test('attempts that were priced by another row than the rest of the day', async () => {
    await attemptOn(3);
    await attemptOn(3);
    const odd = await attemptOn(3, { cost: exactly(costOf(usage, DEARER)) }, 'dearer');
    const result = await reconcile(`date,model,amount\n${day(3)},gpt-4o,${times(EACH, 300n)}\n`);
    expect(closing(result, 3)).toEqual(['another-price']);
    expect(result.cells[0]!.hypotheses[0]!.samples).toEqual([`${odd.attemptId} ${odd.requestId}`]);
  });

  test('costs that are not known: within their bounds it is no drift, and the rows are named', async () => {
    await attemptOn(3);
    const lost = await attemptOn(3, {
      status: 'cancelled',
      usage: null,
      cost: { low: 0n, high: parseUsd('0.01') },
      requestId: null,
    });
    const result = await reconcile(
      `date,model,amount\n${day(3)},gpt-4o,${formatUsd(EACH + parseUsd('0.005'))}\n`,
    );
    expect(result).toMatchObject({ code: EXIT.ok, outside: 0 });
    expect(result.cells.flatMap(({ status }) => status)).toContain('within-bounds');
    expect(closing(result, 3)).toContain('bounds');
    expect(JSON.stringify(result.cells)).toContain(lost.attemptId);
    const over = await reconcile(
      `date,model,amount\n${day(3)},gpt-4o,${formatUsd(EACH + parseUsd('0.02'))}\n`,
    );
    expect(over.code).toBe(EXIT.drift);
  });

  test('lines with request ids: the exact rows, in both directions', async () => {
    const right = await attemptOn(3);
    const wrong = await attemptOn(3);
    const absent = await attemptOn(3);
    const result = await reconcile(
      `date,model,amount,request_id\n${day(3)},gpt-4o,${formatUsd(EACH)},${right.requestId}\n` +
        `${day(3)},gpt-4o,${times(EACH, 102n)},${wrong.attemptId}\n${day(3)},gpt-4o,0.5,req_nobody\n`,
    );
    expect(result.code).toBe(EXIT.drift);
    expect(result.lines).toMatchObject([
      { line: 3, id: wrong.attemptId, attemptId: wrong.attemptId, ledger: formatUsd(EACH) },
      { line: 4, id: 'req_nobody', attemptId: null },
    ]);
    expect(result.unbilled.map(({ requestId }) => requestId)).toEqual([absent.requestId]);
  });

  test('what cannot be read is told by line and column; other headers are mapped', async () => {
    await expect(reconcile(`date,model,amount\n2026-02-30,gpt-4o,1\n${day(3)},,1x\n`)).rejects.toThrow(
      /:2: column "date": "2026-02-30" is no day.*\n.*:3: column "model": is empty.*\n.*:3: column "amount": "1x"/,
    );
    await expect(reconcile(`when,model,amount\n${day(3)},gpt-4o,1\n`)).rejects.toThrow(
      ':1: has no column for day among when, model, amount',
    );
    await attemptOn(3);
    const mapped = await reconcile(`when,model,"What, we ask"\n${day(3)},gpt-4o,"$${formatUsd(EACH)}"\n`, {
      map: ['day=when', 'amount=What, we ask'],
    });
    expect(mapped.code).toBe(EXIT.ok);
  });
});
