import type pg from 'pg';
import type { Json } from '../core/policy.ts';
import type { Queryable } from './database.ts';

/** Encrypts texts at rest. `context` is authenticated with the bytes, so that a text cannot be moved to another query. */
export interface Sealer {
  seal(bytes: Uint8Array, context: string): Uint8Array;
  open(sealed: Uint8Array, context: string): Uint8Array;
}

/** `request`, the attempt id of a response, or `correction/` and the name of the source of a right answer. */
export type TextItem = string;

interface TextRow {
  readonly item: string;
  readonly content: Buffer;
  readonly sealed: boolean;
}

/** Where a query lies in the ledger. */
export interface QueryRef {
  readonly queryId: string;
  /** ISO 8601 with microseconds, as Postgres has it: it is the partition key, and part of every other. */
  readonly startedAt: string;
}

/** A text as it is kept: JSON, encrypted where there is a key. */
export function sealedText(
  sealer: Sealer | null,
  { queryId }: Pick<QueryRef, 'queryId'>,
  item: TextItem,
  value: unknown,
): { readonly content: Buffer; readonly sealed: boolean } {
  const bytes = Buffer.from(JSON.stringify(value));
  if (sealer === null) return { content: bytes, sealed: false };
  return { content: Buffer.from(sealer.seal(bytes, `${queryId}/${item}`)), sealed: true };
}

/** Keeps a text of a query that runs, or whose audit does. Keeping it again changes nothing; after that no more is kept. */
export async function keepText(
  db: Queryable,
  sealer: Sealer | null,
  query: QueryRef,
  item: TextItem,
  value: unknown,
): Promise<void> {
  const { content, sealed } = sealedText(sealer, query, item, value);
  await db.query({
    name: 'keep-text',
    // The lock keeps the query from ending in between, which would leave the text behind.
    text: `insert into open_texts (query_id, item, content, sealed)
           select query_id, $3, $4, $5 from queries
           where started_at = $1 and query_id = $2 and (status = 'running' or exists (
             select from audits a where a.query_started_at = $1 and a.query_id = $2 and a.status = 'running')) for share
           on conflict (query_id, item) do nothing`,
    values: [query.startedAt, query.queryId, item, content, sealed],
  });
}

/** Keeps a text of a query that has ended, in the place of an earlier one of the item. */
export async function retainText(
  db: Queryable,
  sealer: Sealer | null,
  query: QueryRef,
  item: TextItem,
  value: unknown,
): Promise<void> {
  const { content, sealed } = sealedText(sealer, query, item, value);
  await db.query({
    name: 'retain-text',
    text: `insert into texts (query_started_at, query_id, item, content, sealed) values ($1, $2, $3, $4, $5)
           on conflict (query_started_at, query_id, item) do update set content = excluded.content, sealed = excluded.sealed`,
    values: [query.startedAt, query.queryId, item, content, sealed],
  });
}

/**
 * Texts of a query, by item, from where they lie: with the running query, or retained after it.
 * @throws {Error} when a text is encrypted and no key, or another key, is configured.
 */
export async function readTexts(
  db: Queryable,
  sealer: Sealer | null,
  query: QueryRef,
): Promise<Map<TextItem, Json>> {
  const { rows } = await db.query<TextRow>({
    name: 'read-texts',
    text: `select item, content, sealed from open_texts where query_id = $1
           union all
           select item, content, sealed from texts where query_started_at = $2 and query_id = $1`,
    values: [query.queryId, query.startedAt],
  });
  return new Map(rows.map((row) => [row.item, openRow(row, sealer, query.queryId)]));
}

function openRow(row: TextRow, sealer: Sealer | null, queryId: string): Json {
  if (row.sealed && sealer === null) {
    throw new Error(
      `the texts of query ${queryId} are encrypted: set ESCALIER_PAYLOAD_KEY to the key that they were written with`,
    );
  }
  const bytes = row.sealed && sealer ? sealer.open(row.content, `${queryId}/${row.item}`) : row.content;
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;
}

/**
 * The statement that takes the texts of a query that ends out of the open table; with `retain` they stay in the retained one. Where the query
 * is to be audited, and has an answer to audit, all of them wait for the end of its audit.
 * @param where in SQL: a condition without which nothing is done; $1 is the query's id, $2 its start.
 */
export function settlingTexts(
  query: QueryRef,
  retain: boolean,
  answered: boolean,
  where?: string,
): pg.QueryConfig {
  const condition = where === undefined ? '' : `and ${where}`;
  return {
    name: where === undefined ? 'settle-texts' : 'settle-texts-where',
    // The statement sees audits as they were before it, so one that becomes due here is told by the update.
    text: `with told as (
             update audits set status = case when $4 then 'due' else 'skipped' end
             where query_started_at = $2 and query_id = $1
               and (status in ('planned', 'skipped') or (not $4 and status in ('due', 'running'))) ${condition} returning status
           ), waiting as (
             select from told where status = 'due'
             union all
             select from audits where $4 and query_started_at = $2 and query_id = $1 and status in ('due', 'running')
           ), settled as (
             delete from open_texts where query_id = $1 and not exists (select from waiting) ${condition}
             returning item, content, sealed
           )
           insert into texts (query_started_at, query_id, item, content, sealed)
           select $2, $1, item, content, sealed from settled where $3
           on conflict (query_started_at, query_id, item) do nothing`,
    values: [query.queryId, query.startedAt, retain, answered],
  };
}
