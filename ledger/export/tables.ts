import pg from 'pg';
import type { Queryable } from '../database.ts';

/** What a table is exported by: a month of it is a file. */
const PARTITION_KEYS = {
  queries: 'started_at',
  attempts: 'query_started_at',
  labels: 'query_started_at',
  audits: 'query_started_at',
} as const;
const WHOLE = ['prices', 'policies', 'tasks', 'policy_changes'] as const;

/** Everything that an analyst joins. Never `texts` or `open_texts`; `query_keys` are no facts of their own. */
export const EXPORT_TABLES = ['queries', 'attempts', 'labels', 'audits', ...WHOLE] as const;
export type ExportTable = (typeof EXPORT_TABLES)[number];

/** How a column's values are written: see {@link columnsOf}. */
export type ExportType =
  'text' | 'uuid' | 'json' | 'integer' | 'bigint' | 'double' | 'boolean' | 'usd' | 'timestamp';

export interface ExportColumn {
  readonly name: string;
  readonly type: ExportType;
}

const TYPES: Readonly<Record<string, ExportType>> = {
  text: 'text',
  uuid: 'uuid',
  jsonb: 'json',
  _text: 'json',
  int4: 'integer',
  int8: 'bigint',
  float8: 'double',
  bool: 'boolean',
  numeric: 'usd',
  timestamptz: 'timestamp',
  // Of day: there is no zone to state.
  time: 'text',
};

/** Columns as they stand in the table: later versions only ever add some at the end. */
export async function columnsOf(db: Queryable, table: ExportTable): Promise<ExportColumn[]> {
  const { rows } = await db.query<{ name: string; type: string }>({
    text: `select a.attname as name, t.typname as type from pg_attribute a join pg_type t on t.oid = a.atttypid
           where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    values: [table],
  });
  return rows.map(({ name, type }) => {
    const known = TYPES[type];
    if (known === undefined) {
      throw new Error(`the export does not know the type ${type} of ${table}.${name}: add it to TYPES`);
    }
    return { name, type: known };
  });
}

export interface ExportPart {
  readonly table: ExportTable;
  /** `2026-11`; null for a table that is one file. */
  readonly month: string | null;
  /** Rows of this part, without ordering: an order would have to be sorted first. */
  readonly where: string;
}

/** The files of a table: one for each month that has rows in the range. */
export async function partsOf(
  db: Queryable,
  table: ExportTable,
  since: Date | null,
  until: Date | null,
): Promise<ExportPart[]> {
  if (!(table in PARTITION_KEYS)) return [{ table, month: null, where: 'true' }];
  const key = PARTITION_KEYS[table as keyof typeof PARTITION_KEYS];
  const range = [
    ...(since === null ? [] : [`${key} >= ${literal(since)}`]),
    ...(until === null ? [] : [`${key} < ${literal(until)}`]),
  ];
  const { rows } = await db.query<{ month: string; from: Date; to: Date }>({
    text: `select to_char(month, 'YYYY-MM') as month, month at time zone 'UTC' as "from",
             (month + interval '1 month') at time zone 'UTC' as "to"
           from (select distinct date_trunc('month', ${key} at time zone 'UTC') as month from ${table}
                 where ${range.join(' and ') || 'true'}) m order by month`,
  });
  return rows.map(({ month, from, to }) => ({
    table,
    month,
    where: [`${key} >= ${literal(from)}`, `${key} < ${literal(to)}`, ...range].join(' and '),
  }));
}

function literal(at: Date): string {
  return pg.escapeLiteral(at.toISOString());
}

/** A column as text: lists as JSON, instants in ISO 8601, UTC, with microseconds, whatever the session's settings. */
export function selected({ name, type }: ExportColumn): string {
  const column = pg.escapeIdentifier(name);
  if (type === 'json') return `to_json(${column}) as ${column}`;
  return type === 'timestamp'
    ? `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${column}`
    : column;
}
