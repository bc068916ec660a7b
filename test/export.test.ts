import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportCommand } from '../cli/commands/export.ts';
import { parseUsd } from '../core/money.ts';
import { exactly } from '../core/spend.ts';
import { labelAttempt } from '../ledger/labels.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { keepPrices } from '../ledger/prices.ts';
import { exportLedger, type ExportFormat, type ExportManifest } from '../ledger/export.ts';
import { EXPORT_TABLES } from '../ledger/export/tables.ts';
import { fakeContext } from './support/cli-stack.ts';
import { openDatabase } from '../ledger/database.ts';
import { useDatabase } from './support/database.ts';
import { attempted, ended, servedBy, started, storedPolicy } from './support/ledger.ts';

const database = useDatabase();
/** What breaks a careless writer: quotes, separators, line breaks of every kind, escapes, what looks like null. */
const NASTY = 'a "quoted", text;\n\tsecond line\r\nthird \\N \\n \u2028 line, NULL, ünï😀';

let folder: string;
let duck: DuckDBConnection;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-export-'));
  duck = await (await DuckDBInstance.create()).connect();
  await duck.run(`set timezone = 'America/New_York'`);
  const { pool } = database;
  await applyPolicies(pool, [storedPolicy('task')]);
  await keepPrices(pool, { provider: 'vendor', modelId: 'small-1' }, [
    {
      id: 'p',
      source: 'test',
      from: null,
      daily: { from: '16:30:00', to: '00:30:00' },
      rates: { input: '1', output: '2' },
    },
  ]);
  // Amounts whose sum no double can hold, in two months.
  const costs = ['123456789012.000000000001', '0.000000000003', '0.1', '0.2', '98765.432109876543'];
  for (const [at, cost] of costs.entries()) {
    const query = await started(pool, 'task');
    const attemptId = await attempted(
      pool,
      query,
      { priceId: 'p' },
      {
        cost: exactly(parseUsd(cost)),
        requestId: at === 0 ? '' : null,
        responseId: at === 1 ? NASTY : null,
      },
    );
    await attempted(
      pool,
      query,
      { stage: 1 },
      {
        status: 'failed',
        failureMessage: NASTY,
        usage: null,
        cost: { low: 0n, high: at === 2 ? null : parseUsd('0.5') },
      },
    );
    await ended(pool, query, servedBy(attemptId, { confidence: 1 / 3 }));
    await labelAttempt(pool, { ...query, attemptId, correct: at % 2 === 0, source: 'a, "reviewer"' });
    await pool.query(`update queries set tags = $2 where query_id = $1`, [query.queryId, { note: NASTY }]);
    if (at > 2) {
      const before = `date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' - interval '1 microsecond'`;
      await pool.query(`update queries set started_at = ${before} where query_id = $1`, [query.queryId]);
      await pool.query(`update attempts set query_started_at = ${before} where query_id = $1`, [
        query.queryId,
      ]);
    }
  }
});
afterAll(async () => {
  duck.closeSync();
  await rm(folder, { recursive: true, force: true });
});

async function inDuck(sql: string): Promise<unknown[]> {
  return (await duck.runAndReadAll(sql)).getRowObjectsJson();
}

async function inPostgres(sql: string): Promise<unknown[]> {
  return (await database.pool.query(sql)).rows as unknown[];
}

describe.each(['csv', 'parquet'] satisfies ExportFormat[])('an export as %s', (format) => {
  const dir = (): string => join(folder, format);
  let manifest: ExportManifest;
  beforeAll(async () => {
    // As the command has it: a cursor cannot share a worker's connection.
    const pool = openDatabase({ url: database.url });
    manifest = await exportLedger(pool, {
      dir: dir(),
      format,
      tables: EXPORT_TABLES,
      since: null,
      until: null,
    });
    await pool.end();
  });

  /** As an analyst would read it; CSV with the types that the manifest states. */
  const source = (table: keyof ExportManifest['columns']): string => {
    const files = `'${dir()}/${table}${table === 'prices' ? '' : '/*'}.${format}'`;
    if (format === 'parquet') return `read_parquet(${files})`;
    const types = manifest.columns[table]!.map(({ name, type }) => `'${name}': '${DUCK_TYPES[type]}'`);
    return `read_csv(${files}, columns = {${types.join(', ')}}, header = true, nullstr = '', allow_quoted_nulls = false, quote = '"', escape = '"')`;
  };
  const DUCK_TYPES = {
    text: 'varchar',
    uuid: 'varchar',
    json: 'varchar',
    integer: 'integer',
    bigint: 'bigint',
    double: 'double',
    boolean: 'boolean',
    usd: 'decimal(24,12)',
    timestamp: 'timestamptz',
  };

  test('sums to the last digit', async () => {
    const sums = `select count(*)::text as n, sum(cost_low_usd)::text as low, sum(cost_high_usd)::text as high,
      sum(cost_usd)::text as known, count(cost_high_usd)::text as bounded, sum(input_tokens)::text as tokens`;
    const [ours] = await inPostgres(`${sums} from attempts`);
    expect(ours).toMatchObject({ n: '10', known: '123456887777.732109876547' });
    expect(await inDuck(`${sums} from ${source('attempts')}`)).toEqual([ours]);
  });

  test('keeps every text, null and empty string', async () => {
    const texts = `select attempt_id::text as id, request_id, response_id, failure_message, verdict`;
    const ours = await inPostgres(`${texts} from attempts order by id`);
    expect(ours.filter((row) => (row as { request_id: string | null }).request_id === '')).toHaveLength(1);
    expect(await inDuck(`${texts} from ${source('attempts')} order by id`)).toEqual(ours);
    const tags = `select query_id::text as id, tags::text as tags, confidence::text as confidence`;
    expect(await inDuck(`${tags} from ${source('queries')} order by id`)).toEqual(
      await inPostgres(`${tags} from queries order by id`),
    );
    const labels = `select attempt_id::text as id, source, correct`;
    expect(await inDuck(`${labels} from ${source('labels')} order by id`)).toEqual(
      await inPostgres(`${labels} from labels order by id`),
    );
  });

  test('keeps microseconds, in UTC', async () => {
    const ours = await inPostgres(
      `select attempt_id::text as id, (extract(epoch from started_at) * 1000000)::bigint::text as started,
         (extract(epoch from query_started_at) * 1000000)::bigint::text as query from attempts order by id`,
    );
    expect(
      await inDuck(
        `select attempt_id::text as id, epoch_us(started_at)::text as started, epoch_us(query_started_at)::text as query
         from ${source('attempts')} order by id`,
      ),
    ).toEqual(ours);
  });

  test('has a file for each month, whole, and a manifest that says so', async () => {
    const months = (await readdir(join(dir(), 'attempts'))).sort();
    expect(months).toHaveLength(2);
    expect(
      manifest.files.filter(({ table }) => table === 'attempts').map(({ file, rows }) => [file, rows]),
    ).toEqual([
      [`attempts/${months[0]!}`, 4],
      [`attempts/${months[1]!}`, 6],
    ]);
    const all = await readdir(dir(), { recursive: true });
    expect(all.filter((name) => /partial|text/.test(name))).toEqual([]);
    expect(JSON.parse(await readFile(join(dir(), 'manifest.json'), 'utf8'))).toEqual(manifest);
    expect(manifest.schemaVersion).toMatch(/^\d{4}_/);
    expect(manifest.asOf).toMatch(/^\d{4}-.*\.\d{6}Z$/);
    if (format === 'parquet') {
      const types = await inDuck(
        `select column_name as name, column_type as type from (describe select * from ${source('attempts')})`,
      );
      expect(types).toContainEqual({ name: 'cost_usd', type: 'DECIMAL(24,12)' });
      expect(types).toContainEqual({ name: 'started_at', type: 'TIMESTAMP WITH TIME ZONE' });
    }
  });
});

describe('escalier export', () => {
  test('takes a range of queries, and says what it wrote', async () => {
    const context = fakeContext({ DATABASE_URL: database.url }, { json: true });
    const until = `${new Date().toISOString().slice(0, 7)}-01`;
    const dir = join(folder, 'range');
    await exportCommand(context, { out: dir, format: 'csv', tables: ['attempts'], until });
    expect(JSON.parse(context.printed.join(''))).toMatchObject({
      files: [{ table: 'attempts', rows: 4 }],
      until: `${until}T00:00:00.000Z`,
    });
    await expect(exportCommand(context, { out: dir, format: 'csv', tables: ['attempts'] })).rejects.toThrow(
      'is not empty',
    );
  });

  test('never exports texts', async () => {
    const context = fakeContext({ DATABASE_URL: database.url });
    await expect(
      exportCommand(context, { out: join(folder, 'texts'), format: 'csv', tables: ['texts'] }),
    ).rejects.toThrow('--tables texts: expected some of queries');
  });
});
