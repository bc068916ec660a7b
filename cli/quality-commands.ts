import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { collect, fraction, list, positive, whole } from './arguments.ts';
import type { Context } from './context.ts';

type Run = <Args extends unknown[]>(
  load: () => Promise<(context: Context, ...args: Args) => Promise<void>>,
) => (...args: Args) => Promise<void>;

/** The commands of whoever watches over the quality of answers. */
export function addQualityCommands(program: CommandUnknownOpts, run: Run): void {
  program
    .command('label')
    .description('say whether a query’s answer is right')
    .argument('<query>', 'the query’s id, or its idempotency key')
    .option('--attempt <id>', 'which of its responses is judged; default: the served one')
    .option('--correct', 'it is')
    .option('--incorrect', 'it is not')
    .option('--grade <grade>', 'how good it is, from 0 to 1; right from 0.5 on', fraction)
    .option('--answer <text>', 'the right answer: the judged one is held against it')
    .option('--source <name>', 'who says so; a source has one word per answer, its last', 'cli')
    .addOption(
      new Option('--source-kind <kind>', 'what kind of source that is')
        .choices(['person', 'reference', 'caller'] as const)
        .default('person' as const),
    )
    .action((query, options) =>
      run(async () => (await import('./commands/label.ts')).labelCommand)(query, options),
    );

  program
    .command('quality')
    .description('per task and slice: accuracy, cost, latency, certificates and alarms')
    .option('-t, --task <task>', 'one task')
    .option(
      '--slice <tag>',
      'a tag whose values make the slices; may be repeated; default: every tag',
      collect,
      [],
    )
    .option('--days <n>', 'queries that started in so many days', positive, 30)
    .action((options) => run(async () => (await import('./commands/quality.ts')).qualityCommand)(options));

  program
    .command('relearn')
    .description('learn a task anew from its audits now; propose what holds on held-out ones, or say why not')
    .requiredOption('-t, --task <task>', 'the task')
    .addOption(new Option('-s, --settings <file>', 'providers, models and tasks').default('escalier.yaml'))
    .addOption(new Option('--scorers <module>', 'a JavaScript module that exports your own scorers'))
    .action((options) => run(async () => (await import('./commands/relearn.ts')).relearnCommand)(options));

  program
    .command('proposals')
    .description('what learning anew came to, newest first, and how to put it into service')
    .option('-t, --task <task>', 'of one task')
    .option('--limit <n>', 'at most', positive, 10)
    .action((options) =>
      run(async () => (await import('./commands/proposals.ts')).proposalsCommand)(options),
    );

  program
    .command('escalated')
    .description('kinds of query that the first stage fails on; as JSONL, also to fine-tune it with')
    .requiredOption('-t, --task <task>', 'the task')
    .option('--days <n>', 'queries that started in so many days', positive, 30)
    .option('--clusters <n>', 'at most', positive, 8)
    .option('--seed <n>', 'the same queries and seed give the same clusters', whole, 1)
    .option(
      '-o, --out <file>',
      'where the queries are written, each with its cluster and what is known of it',
    )
    .option(
      '--finetune <file>',
      'where chats with the right answer are written, of those whose right answer is known',
    )
    .action((options) =>
      run(async () => (await import('./commands/escalated.ts')).escalatedCommand)(options),
    );

  const review = program.command('review').description('answers for people to judge, as JSONL');
  review
    .command('export')
    .description('write a queue of answers that no person has judged')
    .requiredOption('-t, --task <task>', 'the task')
    .requiredOption('-o, --out <file>', 'where the queue is written')
    .option('--by <reasons>', 'with commas, some of disagreement, low-confidence, random, audited', list, [
      'disagreement',
      'low-confidence',
      'random',
    ])
    .option('--limit <n>', 'queries at most', positive, 50)
    .option('--since <date>', 'queries that started at or after this instant')
    .action((options) =>
      run(async () => (await import('./commands/review.ts')).reviewExportCommand)(options),
    );
  review
    .command('give')
    .description('give a person’s word to a query that waits for it')
    .argument('<key>', 'the query’s idempotency key')
    .option('--correct', 'the proposed answer is right')
    .option('--incorrect', 'it is not, and it is served all the same')
    .option('--grade <grade>', 'how good it is, from 0 to 1; right from 0.5 on', fraction)
    .option('--answer <text>', 'the answer that is served instead')
    .option('--source <name>', 'the reviewer', 'reviewer')
    .action((key, options) =>
      run(async () => (await import('./commands/review-give.ts')).reviewGiveCommand)(key, options),
    );
  review
    .command('waiting')
    .description('queries that wait for a person')
    .option('-t, --task <task>', 'of one task')
    .action((options) =>
      run(async () => (await import('./commands/review-give.ts')).reviewWaitingCommand)(options),
    );
  review
    .command('import')
    .description('label the answers of a queue that somebody has filled in')
    .argument('<file>', 'the queue')
    .option('--source <name>', 'the reviewer', 'reviewer')
    .action((file, options) =>
      run(async () => (await import('./commands/review.ts')).reviewImportCommand)(file, options),
    );
}
