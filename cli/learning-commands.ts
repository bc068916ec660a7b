import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { fraction, list, positive, shareOf, whole } from './arguments.ts';
import type { Context } from './context.ts';

type Run = <Args extends unknown[]>(
  load: () => Promise<(context: Context, ...args: Args) => Promise<void>>,
) => (...args: Args) => Promise<void>;

/** The commands that judge policies from data. */
export function addLearningCommands(program: CommandUnknownOpts, run: Run): void {
  program
    .command('learn')
    .description(
      'scorers, a chain and a stop rule from recorded responses; a guarantee where one is asked for',
    )
    .option('--recorded <folder>', 'a recorded set')
    .option('--from-ledger', 'from the task’s own traffic and labels')
    .option('-t, --task <task>', 'the task; default: the set’s only one')
    .option('--budget <share>', 'mean cost, of what the best single model costs; may exceed 100%', shareOf)
    .option(
      '--target-accuracy <share>',
      'the cheapest that is as accurate: "best" (the best single model), or a share; the default goal',
      (text) => (text === 'best' ? ('best' as const) : shareOf(text)),
    )
    .option('--max-regret <share>', 'guarantee: accuracy given away against the baseline', shareOf)
    .option(
      '--max-harm <share>',
      'guarantee: answers that the baseline has right and the policy wrong',
      shareOf,
    )
    .option(
      '--max-error <share>',
      'guarantee: errors among the answers accepted before the last stage',
      shareOf,
    )
    .option('--confidence <share>', 'of the guarantee', shareOf, 0.9)
    .option('--baseline <model>', 'of the guarantee; default: the best single model')
    .option(
      '--include <models>',
      'models to use though their reasoning tokens are hidden, with commas',
      list,
      [],
    )
    .option('--judge <model>', 'learn from this model’s recorded grades too; see "annotate"')
    .option('--embedder <model>', 'learn from this model’s recorded embeddings too; see "annotate"')
    .option('--resplits <n>', 'learn and measure on so many random halves instead', positive)
    .option('--seed <n>', 'the same input gives the same policy', whole, 1)
    .option('-s, --settings <file>', 'whose task says what the answer is; default: by the recorded answers')
    .option('--scorers <module>', 'a JavaScript module that exports your own scorers')
    .option('-o, --out <folder>', 'where it is written; default: learned/<task>')
    .option('--html <file>', 'where the page of the report is written too; it needs nothing but itself')
    .action((options) => run(async () => (await import('./commands/learn.ts')).learnCommand)(options));

  program
    .command('annotate')
    .description('a judge’s grades, or embeddings, of a recorded set’s responses, for "learn" to learn from')
    .requiredOption('--recorded <folder>', 'a recorded set, to which they are added')
    .option('--judge <model>', 'of the settings’ models: grades each response')
    .option('--embedder <model>', 'of the settings’ models: embeds each query and response')
    .option('-t, --task <task>', 'the task; default: the set’s only one')
    .option('--limit <n>', 'at most so many requests; the rest by running it again', positive)
    .option('-y, --yes', 'do not ask before spending', false)
    .addOption(new Option('-s, --settings <file>', 'providers and models').default('escalier.yaml'))
    .option('--scorers <module>', 'a JavaScript module that exports your own scorers')
    .addOption(new Option('-c, --concurrency <n>', 'requests at a time').default(20).argParser(positive))
    .action((options) => run(async () => (await import('./commands/annotate.ts')).annotateCommand)(options));

  program
    .command('simulate')
    .description('what a policy would do on recorded responses, beside what else the same models could')
    .requiredOption('--recorded <folder>', 'a recorded set')
    .option('--policy <file>', 'a policy.json, or the folder that "learn" wrote')
    .option('-s, --settings <file>', 'a policy of a settings file, with --task')
    .option('--scorers <module>', 'a JavaScript module that exports your own scorers')
    .option('-t, --task <task>', 'the task')
    .option('--chain <models>', 'models of the set, cheapest first, with commas: scored by agreement', list)
    .option('--threshold <confidence>', 'with --chain: what accepts, from 0 to 1', fraction)
    .addOption(
      new Option('--split <half>', 'queries that are measured on')
        .choices(['test', 'train', 'all'] as const)
        .default('test' as const),
    )
    .option('--seed <n>', 'of the resamples', whole, 1)
    .action((options) => run(async () => (await import('./commands/simulate.ts')).simulateCommand)(options));

  program
    .command('what-if')
    .description('past queries of the ledger, decided again: exactly, within bounds, or not at all')
    .requiredOption('-t, --task <task>', 'the task')
    .option('--threshold <confidence>', 'another threshold, from 0 to 1', fraction)
    .option('--chain <models>', 'another chain, with commas', list)
    .option('--policy <file>', 'another policy: a policy.json, or the folder that "learn" wrote')
    .option('--scorers <module>', 'a JavaScript module that exports your own scorers')
    .option('--since <date>', 'queries that started on this UTC day or later')
    .option('--until <date>', 'queries that started before this UTC day')
    .action((options) => run(async () => (await import('./commands/what-if.ts')).whatIfCommand)(options));
}
