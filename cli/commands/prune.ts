import { prunableMonths, prune, type PruneMonth } from '../../ledger/prune.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { table } from '../output.ts';

export interface PruneOptions {
  readonly keepMonths: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export async function pruneCommand(context: Context, options: PruneOptions): Promise<void> {
  if (!options.dryRun && !options.yes) {
    throw new CliError(
      'prune deletes months of the ledger for good: see which with --dry-run, then add --yes',
      EXIT.usage,
    );
  }
  await withDatabase(context, async (pool) => {
    const months = options.dryRun
      ? await prunableMonths(pool, options.keepMonths)
      : await prune(pool, options.keepMonths, (month) => {
          context.say(month.keptBecause === null ? `${month.month} is gone` : `${month.month} stays`);
        });
    if (context.json) context.out(JSON.stringify({ dryRun: options.dryRun, months }));
    else context.out(months.length === 0 ? 'No month is old enough.' : monthsText(months, options.dryRun));
  });
}

function monthsText(months: readonly PruneMonth[], dryRun: boolean): string {
  const rows = months.flatMap((month) => [
    ...month.partitions.map(({ table: name, rows: count, bytes }) => [
      month.month,
      name,
      String(count),
      String(bytes),
      fateOf(month, dryRun),
    ]),
    [month.month, 'query_keys', String(month.keys), '', fateOf(month, dryRun)],
  ]);
  const reasons = months.flatMap(({ month, keptBecause }) =>
    keptBecause === null ? [] : [`${month} stays: ${keptBecause}.`],
  );
  return [table(['month', 'table', 'rows', 'bytes', ''], rows), ...reasons].join('\n');
}

function fateOf({ keptBecause }: PruneMonth, dryRun: boolean): string {
  if (keptBecause !== null) return 'stays';
  return dryRun ? 'would go' : 'gone';
}
