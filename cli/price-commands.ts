import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { collect, fraction, whole } from './arguments.ts';
import type { Context } from './context.ts';

type Run = <Args extends unknown[]>(
  load: () => Promise<(context: Context, ...args: Args) => Promise<void>>,
) => (...args: Args) => Promise<void>;

/** The commands about prices: what is known of them, and what they would come to. */
export function addPriceCommands(program: CommandUnknownOpts, run: Run): void {
  program
    .command('prices')
    .description('the price book as the ledger knows it')
    .option('-m, --model <id>', 'of one model, by the provider’s id')
    .option('--as-of <date>', 'as it was known at this instant; default: now')
    .action((options) => run(async () => (await import('./commands/prices.ts')).pricesCommand)(options));

  program
    .command('reprice')
    .description('what past requests would cost at other prices; changes nothing')
    .option('--as-of <date>', 'at the prices that the ledger knew at this instant')
    .option('-s, --settings <file>', 'at the prices of a settings file')
    .option('--scorers <module>', 'a JavaScript module that exports your own scorers')
    .option('-t, --task <task>', 'one task')
    .option('--since <date>', 'queries that started at or after this instant')
    .option('--until <date>', 'queries that started before this instant')
    .action((options) => run(async () => (await import('./commands/reprice.ts')).repriceCommand)(options));

  program
    .command('plan-cost')
    .description('what a cascade would cost in a month, on paper: asks no model and needs no server')
    .option('--requests <n>', 'queries a month', whole)
    .option('--input <tokens>', 'of a query', whole)
    .option('--output <tokens>', 'of a response', whole)
    .option('--chain <stages>', 'with the share that stops at each, such as deepseek@0.7,sonnet')
    .option('--from-ledger <task>', 'take what is not given from the task’s own traffic')
    .option('--since <date>', 'with --from-ledger: traffic from this day on (UTC); default: 30 days ago')
    .option('--model <price>', 'name=input/output in USD per million tokens; may be repeated', collect, [])
    .option('--split <shares>', 'to compare with, such as deepseek:0.5,haiku:0.4,sonnet:0.1')
    .option('--scorer-usd <usd>', 'what scoring one response costs; default: nothing')
    .option('--cached <share>', 'of the input that the vendor has cached; default: 0', fraction)
    .option('--retries <share>', 'extra requests per call; default: 0', fraction)
    .option('--length <factor>', 'output of escalated queries, relative to --output; default: 1', fraction)
    .action((options) => run(async () => (await import('./commands/plan-cost.ts')).planCostCommand)(options));
}
