import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { inTransaction, onlyRow } from './database.ts';
import { copyRows } from './export/copy-text.ts';
import { parquetSink } from './export/parquet.ts';
import {
  columnsOf,
  partsOf,
  selected,
  type ExportColumn,
  type ExportPart,
  type ExportTable,
} from './export/tables.ts';

export type ExportFormat = 'csv' | 'parquet';

export interface ExportOptions {
  /** Must be empty or missing: files of an earlier export would be taken for this one's. */
  readonly dir: string;
  readonly format: ExportFormat;
  readonly tables: readonly ExportTable[];
  /** Of the query's start, inclusive. */
  readonly since: Date | null;
  /** Exclusive. */
  readonly until: Date | null;
}

export interface ExportedFile {
  /** Within the folder, such as `attempts/2026-11.parquet`. */
  readonly file: string;
  readonly table: ExportTable;
  readonly month: string | null;
  readonly rows: number;
}

export interface ExportManifest {
  readonly formatVersion: 1;
  readonly format: ExportFormat;
  /** Every file shows the ledger at this instant. */
  readonly asOf: string;
  /** The last migration of the database. */
  readonly schemaVersion: string;
  readonly since: string | null;
  readonly until: string | null;
  readonly columns: Readonly<Partial<Record<ExportTable, readonly ExportColumn[]>>>;
  readonly files: readonly ExportedFile[];
}

/** The folder holds something: see {@link ExportOptions.dir}. */
export class FolderNotEmpty extends Error {
  override readonly name = 'FolderNotEmpty';
}

/**
 * Writes tables of the ledger as files, a month of a table each, all of one snapshot, row by row. A file has its name
 * only when it is complete, and `manifest.json` comes last: without it the export is not.
 */
export async function exportLedger(
  pool: pg.Pool,
  options: ExportOptions,
  onFile: (file: ExportedFile) => void = () => undefined,
): Promise<ExportManifest> {
  await mkdir(options.dir, { recursive: true });
  if ((await readdir(options.dir)).length > 0) {
    throw new FolderNotEmpty(`${options.dir} is not empty: name a folder of this export's own`);
  }
  return inTransaction(pool, async (db) => {
    await db.query('set transaction isolation level repeatable read read only');
    // A copy is one statement, and may take hours.
    await db.query('set local statement_timeout = 0');
    await db.query('set local extra_float_digits = 1');
    const { rows } = await db.query<{ as_of: string; version: string }>(
      `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of,
         (select name from escalier_migrations order by id desc limit 1) as version`,
    );
    const { as_of, version } = onlyRow(rows, 'the snapshot');
    const columns: Partial<Record<ExportTable, ExportColumn[]>> = {};
    const files: ExportedFile[] = [];
    for (const table of options.tables) {
      const own = await columnsOf(db, table);
      columns[table] = own;
      for (const part of await partsOf(db, table, options.since, options.until)) {
        const exported = await exportPart(db, options, part, own);
        onFile(exported);
        files.push(exported);
      }
    }
    const manifest: ExportManifest = {
      formatVersion: 1,
      format: options.format,
      asOf: as_of,
      schemaVersion: version,
      since: options.since?.toISOString() ?? null,
      until: options.until?.toISOString() ?? null,
      columns,
      files,
    };
    await whenComplete(join(options.dir, 'manifest.json'), (draft) =>
      writeFile(draft, `${JSON.stringify(manifest, null, 2)}\n`),
    );
    return manifest;
  });
}

async function exportPart(
  db: pg.PoolClient,
  { dir, format }: ExportOptions,
  { table, month, where }: ExportPart,
  columns: readonly ExportColumn[],
): Promise<ExportedFile> {
  const file = month === null ? `${table}.${format}` : `${table}/${month}.${format}`;
  const path = join(dir, file);
  await mkdir(dirname(path), { recursive: true });
  const select = `select ${columns.map(selected).join(', ')} from ${table} where ${where}`;
  const rows = await whenComplete(path, (draft) =>
    format === 'csv' ? copyCsv(db, select, draft) : copyParquet(db, select, draft, columns),
  );
  return { file, table, month, rows };
}

/** Null is nothing between two commas, the empty string is `""`: as Postgres, DuckDB and BigQuery tell them apart. */
async function copyCsv(db: pg.PoolClient, select: string, draft: string): Promise<number> {
  const copy = db.query(copyTo(`copy (${select}) to stdout with (format csv, header, encoding 'UTF8')`));
  await pipeline(copy, createWriteStream(draft));
  return copy.rowCount;
}

async function copyParquet(
  db: pg.PoolClient,
  select: string,
  draft: string,
  columns: readonly ExportColumn[],
): Promise<number> {
  const copy = db.query(copyTo(`copy (${select}) to stdout with (encoding 'UTF8')`));
  const sink = parquetSink(draft, columns);
  let rows = 0;
  for await (const row of copyRows(copy)) {
    sink.row(row);
    rows++;
  }
  sink.finish();
  return rows;
}

/** A file under a temporary name until it is whole; nothing of it is left where it fails. */
async function whenComplete<T>(path: string, write: (draft: string) => Promise<T>): Promise<T> {
  const draft = `${path}.partial`;
  try {
    const result = await write(draft);
    await rename(draft, path);
    return result;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
