import { writeFile } from 'node:fs/promises';
import { countsOf } from '../../core/counts.ts';
import { eachLedgerQuery } from '../../ledger/recorded-queries.ts';
import { messageOf, type Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { firstStageOf, type FirstStage } from '../escalated/first-stage.ts';
import { grouped } from '../../learning/hard-queries.ts';
import { showEscalated, type FinetuneTally } from '../escalated/text.ts';
import { CliError, EXIT } from '../exit.ts';
import { dayBefore } from '../range-option.ts';
import { sealerOf } from '../sealer.ts';

export interface EscalatedOptions {
  readonly task: string;
  /** Back from now, in which the queries started. */
  readonly days: number;
  /** Clusters at most. */
  readonly clusters: number;
  readonly seed: number;
  /** Where the hard queries are written, each with its cluster. */
  readonly out?: string;
  /** Where chats are written to fine-tune the first stage on. */
  readonly finetune?: string;
}

const DAY_MS = 24 * 3_600_000;

/** Which kinds of query the first stage fails on, for people, and as files to look at or to fine-tune with. They hold texts in clear. */
export async function escalatedCommand(context: Context, options: EscalatedOptions): Promise<void> {
  const { task, out, finetune } = options;
  const since = dayBefore(new Date(), options.days * DAY_MS);
  const sealer = sealerOf(context);
  const queries: FirstStage[] = [];
  let withoutTexts = 0;
  await withDatabase(context, (pool) =>
    eachLedgerQuery(pool, sealer, { task, since }, (query) => {
      const found = firstStageOf(query);
      if (found !== null) queries.push(found);
      else if (query.request === null) withoutTexts++;
      return Promise.resolve();
    }),
  );
  if (queries.length === 0) {
    throw new CliError(
      `task ${task} has no answered query with retained texts of these days (${withoutTexts} without): its policy must say "retention: full"`,
      EXIT.usage,
    );
  }
  const groups = grouped(queries, options.clusters, options.seed);
  const isHard = (_query: unknown, at: number): boolean => groups.hard[at] === true;
  if (out !== undefined) {
    const lines = queries.map((query, at) => ({
      cluster: (groups.placeOf[at] ?? 0) + 1,
      ...query,
      prompt: undefined,
    }));
    await writeLines('--out', out, lines.filter(isHard));
  }
  const tuned = finetune === undefined ? null : await writeChats(finetune, queries.filter(isHard));
  const told = { task, withoutTexts, finetune: tuned, ...groups };
  context.out(
    context.json ? JSON.stringify({ ...told, placeOf: undefined, hard: undefined }) : showEscalated(told),
  );
}

/** In the form that vendors take for fine-tuning, which allows no other field. */
async function writeChats(file: string, hard: readonly FirstStage[]): Promise<FinetuneTally> {
  const right = hard.flatMap(({ messages, rightAnswer }) =>
    rightAnswer === null ? [] : [{ messages, ...rightAnswer }],
  );
  await writeLines(
    '--finetune',
    file,
    right.map(({ messages, text }) => ({ messages: [...messages, { role: 'assistant', content: text }] })),
  );
  const by = countsOf(right.map((one) => one.by));
  return { written: right.length, by, withoutRightAnswer: hard.length - right.length };
}

async function writeLines(flag: string, file: string, lines: readonly object[]): Promise<void> {
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join('')).catch((error: unknown) => {
    throw new CliError(`${flag} ${file}: cannot be written (${messageOf(error)})`, EXIT.usage, error);
  });
}
