import type pg from 'pg';

/**
 * The schema of a database as SQL text, from the catalog: tables with columns, constraints and indexes, views, functions,
 * triggers, comments. Equal schemas give equal text. Monthly partitions are left out: they depend on the day. It is written to be
 * read and compared; the migrations are what makes a database.
 */
export async function describeSchema(pool: pg.Pool): Promise<string> {
  const parts = [
    '-- The schema that the migrations result in. Generated: UPDATE_SCHEMA=1 npx vitest run test/schema.test.ts\n',
    ...(await lines(pool, TABLES)),
    ...(await lines(pool, INDEXES)),
    ...(await lines(pool, VIEWS)),
    ...(await lines(pool, FUNCTIONS)),
    ...(await lines(pool, TRIGGERS)),
    ...(await lines(pool, COMMENTS)),
  ];
  return `${parts.join('\n')}\n`;
}

async function lines(pool: pg.Pool, sql: string): Promise<string[]> {
  const { rows } = await pool.query<{ text: string }>(sql);
  return rows.map((row) => row.text.replace(/[ \t]+$/gm, ''));
}

/** Names sort by their bytes, whatever the server's collation. */
const TABLES = `
  select format(E'create table %I (\\n%s\\n)%s;\\n', c.relname, body.text,
    coalesce(' partition by ' || pg_get_partkeydef(c.oid), '')) as text
  from pg_class c
  cross join lateral (
    select string_agg('  ' || item, E',\\n' order by kind, place, item collate "C") as text from (
      select 0 as kind, a.attnum as place, format('%I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        case when a.attnotnull then ' not null' else '' end,
        case a.attgenerated when 's' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
          else coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') end) as item
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      union all
      -- A not-null constraint (a row of its own since Postgres 18) is told with its column.
      select 1, 0, format('constraint %I %s', con.conname, pg_get_constraintdef(con.oid))
      from pg_constraint con where con.conrelid = c.oid and con.contype <> 'n'
    ) items
  ) body
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  order by c.relname collate "C"`;

/** Without those that a primary key or a unique constraint makes. */
const INDEXES = `
  select pg_get_indexdef(i.indexrelid) || E';\\n' as text
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
  where c.relnamespace = 'public'::regnamespace and not c.relispartition
    and not exists (select from pg_constraint con where con.conindid = i.indexrelid and con.conrelid = i.indrelid)
  order by c.relname collate "C", x.relname collate "C"`;

const VIEWS = `
  select format(E'create view %I as\\n%s\\n', relname, pg_get_viewdef(oid, true)) as text
  from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm') order by relname collate "C"`;

const FUNCTIONS = `
  select pg_get_functiondef(oid) || E';\\n' as text
  from pg_proc where pronamespace = 'public'::regnamespace
  order by proname collate "C", pg_get_function_identity_arguments(oid) collate "C"`;

const TRIGGERS = `
  select pg_get_triggerdef(t.oid) || E';\\n' as text
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = 'public'::regnamespace and not c.relispartition and not t.tgisinternal
  order by c.relname collate "C", t.tgname collate "C"`;

const COMMENTS = `
  select text from (
    select case c.relkind when 'v' then 'view' else 'table' end as kind, c.relname as name, coalesce(a.attnum, 0) as place,
      format('comment on %s is %L;',
        case when a.attnum is null
          then format('%s %I', case c.relkind when 'v' then 'view' else 'table' end, c.relname)
          else format('column %I.%I', c.relname, a.attname) end, d.description) as text
    from pg_description d join pg_class c on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
    where c.relnamespace = 'public'::regnamespace and not c.relispartition and c.relkind in ('r', 'p', 'v')
    union all
    select 'function', p.proname, 0,
      format('comment on function %I(%s) is %L;', p.proname, pg_get_function_identity_arguments(p.oid), d.description)
    from pg_description d join pg_proc p on d.classoid = 'pg_proc'::regclass and d.objoid = p.oid
    where p.pronamespace = 'public'::regnamespace
  ) comments order by name collate "C", kind, place`;
