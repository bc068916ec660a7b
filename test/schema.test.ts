import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { describeSchema } from './support/describe-schema.ts';
import { createDatabase, useDatabase } from './support/database.ts';

const FILE = 'migrations/schema.sql';
const database = useDatabase();

describe('the schema', () => {
  test('is the committed one', async () => {
    const schema = await describeSchema(database.pool);
    if (process.env['UPDATE_SCHEMA'] === '1') await writeFile(FILE, schema);
    const committed = await readFile(FILE, 'utf8').catch(() => '');
    expect(
      schema,
      `${FILE} is not what the migrations result in: run "UPDATE_SCHEMA=1 npx vitest run test/schema.test.ts" and commit the file`,
    ).toBe(committed);
  });

  test('names what its description must hold, and no month', async () => {
    const schema = await describeSchema(database.pool);
    for (const part of [
      'create table attempts (',
      'cost_usd numeric(24,12) generated always as (',
      ') partition by RANGE (query_started_at);',
      'create view attempt_spend as',
      'FUNCTION public.ensure_ledger_partitions',
      'CREATE INDEX attempts_open ON ONLY public.attempts',
      "comment on column attempt_spend.spend_class is '",
    ]) {
      expect(schema).toContain(part);
    }
    expect(schema).not.toMatch(/attempts_\d{4}_\d\d/);
  });

  test.each([
    'alter table labels add column note text',
    'alter table queries alter column tenant set not null',
    "alter table attempts alter column worker set default 'x'",
    'alter table attempts drop constraint attempts_try_check',
    'drop index attempts_open',
    'drop trigger unseal_on_update on labels',
    "comment on column labels.source is 'other'",
    "comment on function ensure_ledger_partitions(integer) is 'other'",
    "comment on view attempt_spend is 'other'",
    'alter view attempt_spend rename column model to model_name',
    'create function later() returns integer language sql as $$ select 1 $$',
  ])('shows the drift of: %s', async (change) => {
    const { pool } = await createDatabase();
    try {
      const before = await describeSchema(pool);
      await pool.query(change);
      expect(await describeSchema(pool)).not.toBe(before);
    } finally {
      await pool.end();
    }
  });

  test('every view and every column of one has a comment', async () => {
    const { rows } = await database.pool.query<{ missing: string }>(
      `select c.relname || '.' || a.attname as missing
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
         and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null)`,
    );
    expect(rows.map((row) => row.missing)).toEqual([]);
  });
});
