import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { positive, share } from './arguments.ts';
import type { Context } from './context.ts';

type Run = <Args extends unknown[]>(
  load: () => Promise<(context: Context, ...args: Args) => Promise<void>>,
) => (...args: Args) => Promise<void>;

const reasonOption = () => new Option('--reason <text>', 'why, for the history (policy_changes)');

/** The commands that change which policy new queries take, other than `apply`. */
export function addServingCommands(program: CommandUnknownOpts, run: Run): void {
  program
    .command('promote')
    .description('put a learned policy into service: for all new queries of its task, or for a share of them')
    .argument('[folder]', 'what "escalier learn" wrote')
    .option('--proposal <id>', 'what "escalier relearn" proposed, in the place of a folder')
    .addOption(
      new Option(
        '--canary <share>',
        'of new queries, such as 10%; the others keep the current policy',
      ).argParser(share),
    )
    .addOption(reasonOption())
    .addOption(new Option('-s, --settings <file>', 'providers, models and tasks').default('escalier.yaml'))
    .addOption(new Option('--scorers <module>', 'a JavaScript module that exports your own scorers'))
    .action((folder, options) =>
      run(async () => {
        const { promoteCommand } = await import('./commands/promote.ts');
        return (context, from: string | undefined, how: typeof options) => promoteCommand(context, from, how);
      })(folder, options),
    );

  program
    .command('canary')
    .description(
      'a task’s canary beside its current policy: cost, accuracy, outcomes, and how sure the difference is',
    )
    .requiredOption('-t, --task <task>', 'the task')
    .addOption(new Option('--finish', 'make the canary current: all new queries take it').conflicts('stop'))
    .option('--stop', 'end the canary: all new queries take the current policy')
    .addOption(reasonOption())
    .action((options) => run(async () => (await import('./commands/canary.ts')).canaryCommand)(options));

  program
    .command('rollback')
    .description('make an earlier version of a task’s policy current again, for new queries')
    .requiredOption('-t, --task <task>', 'the task')
    .addOption(new Option('--to <version>', 'which; default: the one before the current').argParser(positive))
    .addOption(reasonOption())
    .action((options) => run(async () => (await import('./commands/rollback.ts')).rollbackCommand)(options));
}
