import { exportLedger, FolderNotEmpty, type ExportFormat } from '../../ledger/export.ts';
import { EXPORT_TABLES, type ExportTable } from '../../ledger/export/tables.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { instant } from '../instant.ts';
import { exportRecordedSetCommand } from './export-recorded-set.ts';

export interface ExportCommandOptions {
  readonly out: string;
  readonly format: ExportFormat;
  readonly tables: readonly string[];
  /** One task as a recorded set, instead of tables. */
  readonly recordedSet?: boolean;
  readonly task?: string;
  readonly since?: string;
  readonly until?: string;
}

export async function exportCommand(context: Context, options: ExportCommandOptions): Promise<void> {
  if (options.recordedSet === true) {
    if (options.task === undefined)
      throw new CliError('--recorded-set: name its task with --task', EXIT.usage);
    await exportRecordedSetCommand(context, { ...options, task: options.task });
    return;
  }
  const tables = options.tables.map(tableOf);
  const since = options.since === undefined ? null : instant(options.since, '--since');
  const until = options.until === undefined ? null : instant(options.until, '--until');
  await withDatabase(context, async (pool) => {
    const manifest = await exportLedger(
      pool,
      { dir: options.out, format: options.format, tables, since, until },
      ({ file, rows }) => {
        context.say(`${file}: ${rows} rows`);
      },
    ).catch((error: unknown) => {
      if (error instanceof FolderNotEmpty) throw new CliError(error.message, EXIT.usage, error);
      throw error;
    });
    if (context.json) context.out(JSON.stringify(manifest));
    else context.out(`${manifest.files.length} files in ${options.out}, as of ${manifest.asOf}`);
  });
}

function tableOf(name: string): ExportTable {
  const table = EXPORT_TABLES.find((candidate) => candidate === name);
  if (table !== undefined) return table;
  throw new CliError(`--tables ${name}: expected some of ${EXPORT_TABLES.join(', ')}`, EXIT.usage);
}
