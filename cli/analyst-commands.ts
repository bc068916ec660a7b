import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { collect, list, positive } from './arguments.ts';
import type { Context } from './context.ts';

type Run = <Args extends unknown[]>(
  load: () => Promise<(context: Context, ...args: Args) => Promise<void>>,
) => (...args: Args) => Promise<void>;

/** The commands of analysts and finance. */
export function addAnalystCommands(program: CommandUnknownOpts, run: Run): void {
  program
    .command('grant-reader')
    .description('let a Postgres role read the ledger, without its texts')
    .argument('<role>', 'the role')
    .option('--create', 'make the role, with the password of ESCALIER_READER_PASSWORD or none', false)
    .action((role, options) =>
      run(async () => (await import('./commands/grant-reader.ts')).grantReaderCommand)(role, options),
    );

  program
    .command('prune')
    .description('drop whole months of the ledger, with their keys')
    .requiredOption('--keep-months <n>', 'whole months that stay, beside the current one', positive)
    .option('--dry-run', 'say what would go, and drop nothing', false)
    .option('-y, --yes', 'go ahead', false)
    .action((options) => run(async () => (await import('./commands/prune.ts')).pruneCommand)(options));

  program
    .command('export')
    .description('the ledger as files for a warehouse, without texts')
    .requiredOption('-o, --out <folder>', 'an empty one, or one to be made')
    .addOption(
      new Option('--format <format>', 'of the files')
        .choices(['csv', 'parquet'] as const)
        .default('parquet' as const),
    )
    .option('--tables <names>', 'with commas', list, [
      'queries',
      'attempts',
      'labels',
      'audits',
      'prices',
      'policies',
      'tasks',
      'policy_changes',
    ])
    .option('--recorded-set', 'instead: one task as a recorded set, with texts, prices and labels', false)
    .option('-t, --task <task>', 'with --recorded-set: the task')
    .option('--since <date>', 'queries that started at or after this instant; with --recorded-set a UTC day')
    .option('--until <date>', 'queries that started before this instant; with --recorded-set a UTC day')
    .action((options) => run(async () => (await import('./commands/export.ts')).exportCommand)(options));

  program
    .command('reconcile')
    .description('a vendor’s invoice against the ledger, by day and model: what differs, and why')
    .argument('<invoice>', 'a CSV file with at least a date, a model and an amount')
    .option('--provider <name>', 'of the settings: only its attempts')
    .option('--map <column>', 'day, model, amount, …=header; may be repeated', collect, [])
    .addOption(
      new Option('--amount-unit <unit>', 'of the amounts')
        .choices(['usd', 'cents'] as const)
        .default('usd' as const),
    )
    .option('--tolerance <percent>', 'what a day of a model may differ by', '0.5%')
    .action((file, options) =>
      run(async () => (await import('./commands/reconcile.ts')).reconcileCommand)(file, options),
    );
}
