import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { addAnalystCommands } from './analyst-commands.ts';
import { fraction, list, positive, whole } from './arguments.ts';
import type { Context } from './context.ts';
import { POOLINGS } from './embedder/local-embedder.ts';
import { addLearningCommands } from './learning-commands.ts';
import { addPriceCommands } from './price-commands.ts';
import { addQualityCommands } from './quality-commands.ts';
import { addServingCommands } from './serving-commands.ts';

/** Makes the action of a command from what loads it: most commands need neither a worker nor the servers. */
type Run = <Args extends unknown[]>(
  load: () => Promise<(context: Context, ...args: Args) => Promise<void>>,
) => (...args: Args) => Promise<void>;

const settingsOption = () =>
  new Option('-s, --settings <file>', 'providers, models and tasks').default('escalier.yaml');
const scorersOption = () =>
  new Option('--scorers <module>', 'a JavaScript module that exports your own scorers');
const concurrencyOption = () =>
  new Option('-c, --concurrency <n>', 'queries at a time').default(20).argParser(positive);

const metricsOption = () =>
  new Option('--metrics-port <port>', 'serve metrics for Prometheus on this machine').argParser(whole);

/** What the help puts together. It has the groups in the order in which their first commands are made. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'First steps': ['up', 'init', 'demo', 'demo-drift', 'doctor'],
  Servers: ['worker', 'migrate', 'embedder', 'codec-server'],
  Policies: ['apply', 'policies', 'promote', 'canary', 'rollback', 'schema'],
  Asking: ['ask', 'batch'],
  'Recorded sets': ['record', 'replay'],
  Money: ['budgets', 'report', 'prices', 'reprice', 'plan-cost', 'reconcile'],
  Quality: ['label', 'quality', 'review', 'escalated'],
  Learning: ['learn', 'annotate', 'simulate', 'what-if', 'relearn', 'proposals'],
  'The ledger itself': ['grant-reader', 'prune', 'export'],
};

function groupOf(name: string): string {
  const group = Object.entries(GROUPS).find(([, names]) => names.includes(name))?.[0];
  if (group === undefined) throw new Error(`the command ${name} has no place in the help`);
  return group;
}

/** The command line: every command with its options. docs/command-line.md has them all, and a test holds it to them. */
export function createProgram(run: Run): CommandUnknownOpts {
  const program = new Command('escalier')
    .description('LLM cascades that survive crashes and account for every cent')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        const line = text
          .trim()
          .replace(/^error: /, '')
          .replace(/\s*\n\s*/g, ' ');
        write(`escalier: ${line} (escalier --help lists the commands)\n`);
      },
    })
    .option('--json', 'results as JSON on standard output, and nothing else there')
    .configureHelp({ showGlobalOptions: true });

  program
    .command('up')
    .description('start Postgres, Temporal and a worker on this machine, until Ctrl-C')
    .addOption(settingsOption())
    .addOption(scorersOption())
    .option('--postgres-port <port>', 'for Postgres', whole, 15432)
    .option('--temporal-port <port>', 'for Temporal', whole, 7233)
    .option('--temporal-ui-port <port>', 'for the Temporal UI', whole, 8233)
    .addOption(metricsOption())
    .action((options) => run(async () => (await import('./commands/up.ts')).upCommand)(options));

  program
    .command('worker')
    .description('host a worker on your own Temporal (TEMPORAL_ADDRESS) and Postgres (DATABASE_URL)')
    .addOption(settingsOption())
    .addOption(scorersOption())
    .addOption(metricsOption())
    .action((options) => run(async () => (await import('./commands/worker.ts')).workerCommand)(options));

  program
    .command('migrate')
    .description('bring the database to this version’s schema')
    .action(() => run(async () => (await import('./commands/migrate.ts')).migrateCommand)());

  program
    .command('init')
    .description('write a first escalier.yaml')
    .addOption(settingsOption())
    .action((options) => run(async () => (await import('./commands/init.ts')).initCommand)(options));

  program
    .command('apply')
    .description('store each task of the settings as a new policy version, where it changed')
    .addOption(settingsOption())
    .addOption(scorersOption())
    .option('--force', 'also in the place of promoted policies and canaries', false)
    .action((options) => run(async () => (await import('./commands/apply.ts')).applyCommand)(options));

  program
    .command('policies')
    .description('list the stored policy versions')
    .option('-t, --task <task>', 'of one task')
    .action((options) => run(async () => (await import('./commands/policies.ts')).policiesCommand)(options));

  program
    .command('ask')
    .description('one query, with its climb')
    .argument('[question]', 'the user’s message; default: standard input')
    .requiredOption('-t, --task <task>', 'the task')
    .option('-k, --key <key>', 'idempotency key: the same key is the same query, billed once')
    .option('--system <text>', 'a system message')
    .option('--request <file>', 'a whole request as JSON (messages, parameters, …) instead of a question')
    .option('--max-cost <usd>', 'this query’s own limit in dollars')
    .option('--deadline <ms>', 'this query’s own deadline', whole)
    .action((question, options) =>
      run(async () => (await import('./commands/ask.ts')).askCommand)(question, options),
    );

  program
    .command('batch')
    .description('a JSONL file through the cascade; run it again to continue')
    .argument('<file>', 'lines of { "id", "messages", "task"?, "reference"?, … }')
    .requiredOption('-o, --out <file>', 'where answers are written, as JSONL')
    .option('-t, --task <task>', 'the task of every line')
    .option('-n, --name <name>', 'the batch’s name, which its keys are made of; default: the file’s')
    .addOption(concurrencyOption())
    .action((file, options) =>
      run(async () => (await import('./commands/batch.ts')).batchCommand)(file, options),
    );

  program
    .command('record')
    .description('call every model of a task’s chain on a JSONL of queries, and write a recorded set')
    .argument('<file>', 'lines of { "id", "messages", "reference"? }')
    .requiredOption('-t, --task <task>', 'the task whose chain is called')
    .requiredOption('-o, --out <folder>', 'where the recorded set is written')
    .option('-y, --yes', 'do not ask before spending', false)
    .addOption(settingsOption())
    .addOption(scorersOption())
    .addOption(concurrencyOption())
    .action((file, options) =>
      run(async () => (await import('./commands/record.ts')).recordCommand)(file, options),
    );

  program
    .command('budgets')
    .description('each budget of a task or a tenant: its limit, what is committed, what is left')
    .action(() => run(async () => (await import('./commands/budgets.ts')).budgetsCommand)());

  const report = program
    .command('report')
    .description('per task: queries, accuracy where labels exist, cost, and what was paid twice')
    .option('-t, --task <task>', 'one task')
    .option('--since <date>', 'queries that started on this UTC day or later')
    .option('--until <date>', 'queries that started before this UTC day')
    .option(
      '--recorded <folder>',
      'a recorded set, to say what each stage is worth and what other models would cost',
    )
    .option('--alpha <points>', 'accuracy that a stage’s verdict may give away, in points', fraction, 1)
    .option('--html <file>', 'write it as a page with charts, which needs nothing but itself')
    .action((options) =>
      run(async () => (await import('./commands/report.ts')).reportCommand)('all', options),
    );

  for (const [section, description] of [
    ['double-billing', 'what was paid beside the answers, and why'],
    ['stages', 'whether each stage pays'],
    ['savings', 'what the models would have cost that could have been called instead'],
  ] as const) {
    report
      .command(section)
      .description(`${description}; takes the options of report`)
      .option('-t, --task <task>', 'one task')
      .option('--since <date>', 'queries that started on this UTC day or later')
      .option('--until <date>', 'queries that started before this UTC day')
      .option('--recorded <folder>', 'a recorded set')
      .option('--alpha <points>', 'accuracy that a stage’s verdict may give away, in points', fraction)
      .action((options) =>
        run(async () => (await import('./commands/report.ts')).reportCommand)(section, {
          ...report.opts(),
          ...options,
        }),
      );
  }

  program
    .command('demo')
    .description('the whole stack on this machine, with recorded responses in the place of vendors')
    .option('--recorded <folder>', 'a recorded set')
    .option('-q, --queries <n>', 'how many queries', positive, 200)
    .option('--chain <models>', 'models of the set, cheapest first, with commas', list)
    .option('--keep', 'keep the servers up afterwards, until Ctrl-C', process.stdout.isTTY)
    .option('--no-keep', 'stop the servers afterwards')
    .addOption(concurrencyOption())
    .action((options) => run(async () => (await import('./commands/demo.ts')).demoCommand)(options));

  program
    .command('demo-drift')
    .description('a model that gets silently worse for 5% of the traffic: the audits, the alarm, the switch')
    .option('--recorded <folder>', 'a recorded set')
    .option('--seed <n>', 'of the queries and of the faults', whole, 1)
    .option('--keep', 'keep the servers up afterwards, until Ctrl-C', process.stdout.isTTY)
    .option('--no-keep', 'stop the servers afterwards')
    .addOption(concurrencyOption())
    .action((options) =>
      run(async () => (await import('./commands/demo-drift.ts')).demoDriftCommand)(options),
    );

  program
    .command('replay')
    .description('serve a recorded set as an OpenAI-compatible vendor')
    .requiredOption('--recorded <folder>', 'a recorded set')
    .option('-p, --port <port>', 'where', whole, 9400)
    .option('--latency <ms>', 'before each response', whole, 0)
    .action((options) => run(async () => (await import('./commands/replay.ts')).replayCommand)(options));

  program
    .command('embedder')
    .description('serve an embedding model of this machine (ONNX) as an OpenAI-compatible provider')
    .requiredOption('--model <folder or id>', 'a folder with an ONNX model, or an id of the Hugging Face hub')
    .option('-p, --port <port>', 'where', whole, 9500)
    .addOption(new Option('--pooling <how>', 'as the model was trained').choices(POOLINGS).default('mean'))
    .option('--dtype <type>', 'of the weights’ file: fp32, fp16, q8, …', 'fp32')
    .action((options) => run(async () => (await import('./commands/embedder.ts')).embedderCommand)(options));

  program
    .command('codec-server')
    .description('decrypt payloads for the Temporal UI (ESCALIER_PAYLOAD_KEY)')
    .option('-p, --port <port>', 'where', whole, 8234)
    .option('--origin <urls>', 'of the UI, with commas', list, [
      'http://localhost:8233',
      'http://127.0.0.1:8233',
    ])
    .action((options) =>
      run(async () => (await import('./commands/codec-server.ts')).codecServerCommand)(options),
    );

  program
    .command('doctor')
    .description('what is missing, and how to mend it')
    .addOption(settingsOption())
    .addOption(scorersOption())
    .action((options) => run(async () => (await import('./commands/doctor.ts')).doctorCommand)(options));

  program
    .command('schema')
    .description('the JSON Schema of escalier.yaml, for editors')
    .action(() => run(async () => (await import('./commands/schema.ts')).schemaCommand)());

  addPriceCommands(program, run);
  addQualityCommands(program, run);
  addLearningCommands(program, run);
  addServingCommands(program, run);
  addAnalystCommands(program, run);
  for (const command of program.commands) command.helpGroup(`${groupOf(command.name())}:`);

  return program;
}
