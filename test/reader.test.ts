import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { migrate } from '../ledger/migrate.ts';
import { grantReader } from '../ledger/reader.ts';
import { useDatabase } from './support/database.ts';

const database = useDatabase();
/** A name that breaks whatever does not quote it. Roles belong to the server, so it is this process's own. */
const ROLE = `Ana"lyst; drop table queries -- ${process.pid}`;
const PASSWORD = 'a-reader-s-password';

const examples = [
  ...(await readFile(new URL('../docs/ledger.md', import.meta.url), 'utf8')).matchAll(
    /^### (.+)\n[^]*?^```sql\n([^]*?)^```$/gm,
  ),
].map(([, title = '', sql = '']) => ({ title, sql }));

let reader: pg.Client;
beforeAll(async () => {
  await grantReader(database.pool, ROLE, { password: PASSWORD });
  reader = await connected();
});
afterAll(async () => {
  await reader.end();
  await database.pool.query(`drop owned by ${pg.escapeIdentifier(ROLE)}`);
  await database.pool.query(`drop role ${pg.escapeIdentifier(ROLE)}`);
});

async function connected(): Promise<pg.Client> {
  const url = new URL(database.url);
  const client = new pg.Client({
    host: url.hostname,
    port: Number(url.port),
    database: url.pathname.slice(1),
    user: ROLE,
    password: PASSWORD,
  });
  await client.connect();
  return client;
}

describe('a reader', () => {
  test('connects with the password that was never in a statement', async () => {
    const { rows } = await reader.query('select current_user as name');
    expect(rows).toEqual([{ name: ROLE }]);
    const admin = await database.pool.query<{ rolpassword: string }>(
      'select rolpassword from pg_authid where rolname = $1',
      [ROLE],
    );
    expect(admin.rows[0]!.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/);
  });

  test.each(examples.filter(({ sql }) => !/\bfrom texts\b/.test(sql)))(
    'runs the example $title',
    async ({ sql }) => {
      expect((await reader.query(sql)).fields.length).toBeGreaterThan(0);
    },
  );

  test('reads every table that holds no text', async () => {
    const { rows } = await database.pool.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = current_schema()::regnamespace
         and relkind in ('r', 'p', 'v', 'm') and not relispartition and relname not in ('texts', 'open_texts')`,
    );
    expect(rows.length).toBeGreaterThan(8);
    for (const { name } of rows) await reader.query(`select * from ${pg.escapeIdentifier(name)} limit 1`);
  });

  test('reads no texts, in whatever partition', async () => {
    const { rows } = await database.pool.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'texts'::regclass`,
    );
    for (const name of ['texts', 'open_texts', ...rows.map((row) => row.name)]) {
      await expect(reader.query(`select * from ${name}`)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('writes nothing, read-only or not', async () => {
    const write = `insert into tasks (name, current_version) values ('x', 1)`;
    await expect(reader.query(write)).rejects.toMatchObject({ code: '25006' });
    await reader.query('begin read write');
    await expect(reader.query(write)).rejects.toMatchObject({ code: '42501' });
    await reader.query('rollback');
    await reader.query('begin read write');
    await expect(reader.query('create table mine (x int)')).rejects.toMatchObject({ code: '42501' });
    await reader.query('rollback');
  });

  test('has a limit on the time of a statement', async () => {
    const { rows } = await reader.query('show statement_timeout');
    expect(rows).toEqual([{ statement_timeout: '5min' }]);
  });

  test('reads partitions that are made later, and tables of later migrations after migrate', async () => {
    await database.pool.query('select ensure_ledger_partitions(6)');
    await reader.query('select count(*) from attempts');
    await database.pool.query('create table later_days (day date)');
    await database.pool.query('create table later_texts (content text)');
    await expect(reader.query('select * from later_days')).rejects.toMatchObject({ code: '42501' });
    await migrate(database.url);
    await reader.query('select * from later_days');
    await expect(reader.query('select * from later_texts')).rejects.toMatchObject({ code: '42501' });
    await expect(reader.query('select * from texts')).rejects.toMatchObject({ code: '42501' });
  });
});

describe('grantReader', () => {
  test('may be repeated, and says what is missing', async () => {
    const again = await grantReader(database.pool, ROLE, null);
    expect(again.tables).toContain('attempt_spend');
    expect(again.tables).not.toContain('texts');
    await expect(grantReader(database.pool, ROLE, { password: null })).rejects.toThrow('is there already');
    await expect(grantReader(database.pool, 'nobody-there', null)).rejects.toThrow('add --create');
    await expect(grantReader(database.pool, 'x-short', { password: 'short' })).rejects.toThrow(
      'at least 8 printable',
    );
  });

  test('refuses a role that could read texts all the same, and changes nothing', async () => {
    const owner = new URL(inject('databaseUrl')).username;
    await expect(grantReader(database.pool, owner, null)).rejects.toThrow("more than a reader's rights");
    const { rows } = await database.pool.query(
      `select from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
       join pg_database d on d.oid = s.setdatabase where r.rolname = $1 and d.datname = current_database()`,
      [owner],
    );
    expect(rows).toEqual([]);
  });
});
