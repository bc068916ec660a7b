import { appendFile, cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inTransaction } from '../ledger/database.ts';
import { migrate, schemaProblem } from '../ledger/migrate.ts';
import { makePartitions } from '../ledger/partitions.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { createDatabase } from './support/database.ts';
import { started, storedPolicy } from './support/ledger.ts';

describe('migrate', () => {
  test('three starters at once: one applies, the others wait, and the schema is there once', async () => {
    const { url, pool } = await createDatabase('template0');
    const applied = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(applied.flat()).toEqual([
      '0001_ledger',
      '0002_budgets',
      '0003_sweeper',
      '0004_price_book',
      '0005_reports',
      '0006_learned',
      '0007_quality',
      '0009_inline',
      '0010_watch',
      '0011_proposals',
    ]);
    const { rows } = await pool.query<{ n: string }>('select count(*) as n from escalier_migrations');
    expect(rows[0]!.n).toBe('10');
    expect(await schemaProblem(pool)).toBeNull();
    await pool.end();
  });

  test('makes partitions ahead of time, and again without harm', async () => {
    const { url, pool } = await createDatabase();
    await migrate(url);
    const month = new Date().toISOString().slice(0, 7).replace('-', '_');
    const { rows } = await pool.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'attempts'::regclass order by 1`,
    );
    expect(rows.map((row) => row.name)).toContain(`attempts_${month}`);
    expect(rows.length).toBeGreaterThanOrEqual(5);
    await pool.end();
  });

  test('a partition that a long read keeps from being made holds nobody up, and is made after it', async () => {
    const { url, pool } = await createDatabase();
    await applyPolicies(pool, [storedPolicy('task')]);
    const last = new Date();
    last.setUTCMonth(last.getUTCMonth() + 3, 1);
    const partition = `attempts_${last.toISOString().slice(0, 7).replace('-', '_')}`;
    await pool.query(`drop table ${partition}`);
    const reader = await pool.connect();
    await reader.query('begin; select count(*) from attempts');

    const making = inTransaction(pool, makePartitions);
    await Promise.all([expect(making).rejects.toMatchObject({ code: '55P03' }), started(pool, 'task')]);
    // Whoever deploys meanwhile waits for the read to end.
    const migrating = migrate(url);
    await reader.query('commit');
    reader.release();
    await migrating;
    const { rows } = await pool.query('select to_regclass($1) is not null as made', [partition]);
    expect(rows).toEqual([{ made: true }]);
    await pool.end();
  });

  test('a database without the schema is told what to run', async () => {
    const { pool } = await createDatabase('template0');
    expect(await schemaProblem(pool)).toContain('escalier migrate');
    await pool.end();
  });

  test('an edited migration and a newer database are refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'escalier-migrations-'));
    await cp('migrations', folder, { recursive: true });
    const { url, pool } = await createDatabase();
    await writeFile(join(folder, '0999_later.sql'), 'create table later (id integer);');
    expect(await migrate(url, folder)).toEqual(['0999_later']);
    await expect(migrate(url)).rejects.toThrow(/0999_later.*newer version/);
    expect(await schemaProblem(pool)).toContain('0999_later');
    await appendFile(join(folder, '0001_ledger.sql'), '\n-- edited\n');
    await expect(migrate(url, folder)).rejects.toThrow(/0001_ledger was edited/);
    await pool.end();
  });

  test('every table and every column has a comment', async () => {
    const { pool } = await createDatabase();
    const { rows } = await pool.query<{ missing: string }>(
      `select c.relname || coalesce('.' || a.attname, '') as missing
       from pg_class c
       left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and c.relname <> 'escalier_migrations'
         and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null)`,
    );
    expect(rows.map((row) => row.missing)).toEqual([]);
    await pool.end();
  });
});
