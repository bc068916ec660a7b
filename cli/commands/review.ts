import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseFeedback, type Feedback } from '../../core/feedback.ts';
import { labelQuery, whyNotLabelled } from '../../ledger/label-query.ts';
import { REVIEW_REASONS, reviewQueue, type ReviewReason } from '../../ledger/review-queue.ts';
import { servers, type Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { instant } from '../instant.ts';
import { linesOf, parseLine, shortened } from '../jsonl.ts';
import { sealerOf } from '../sealer.ts';

export interface ReviewExportOptions {
  readonly task: string;
  readonly out: string;
  readonly by: readonly string[];
  readonly limit: number;
  readonly since?: string;
}

/** Queries for a person to judge, one a line, with room for the verdict. */
export async function reviewExportCommand(context: Context, options: ReviewExportOptions): Promise<void> {
  const reasons = options.by.map(reasonOf);
  const since = options.since === undefined ? null : instant(options.since, '--since');
  const sealer = sealerOf(context);
  await withDatabase(context, async (pool) => {
    const { task, limit } = options;
    const items = await reviewQueue(pool, sealer, { task, limit, since, reasons });
    const lines = items.map((item) => JSON.stringify({ ...item, correct: null, grade: null, answer: null }));
    await writeFile(options.out, lines.map((line) => `${line}\n`).join(''));
    const count = { queries: items.length, out: options.out };
    if (context.json) context.out(JSON.stringify(count));
    else
      context.out(
        `${items.length} queries in ${options.out}: set "correct" (true or false), "grade" (0 to 1) or "answer" on each that you judge, then run "escalier review import".`,
      );
  });
}

function reasonOf(name: string): ReviewReason {
  const reason = REVIEW_REASONS.find((candidate) => candidate === name);
  if (reason !== undefined) return reason;
  throw new CliError(`--by ${name}: expected some of ${REVIEW_REASONS.join(', ')}`, EXIT.usage);
}

export interface ReviewImportOptions {
  readonly source: string;
}

/** A line of the queue as it comes back: null is what the person left open. */
const lineSchema = z.looseObject({
  query: z.string(),
  correct: z.boolean().nullish(),
  grade: z.number().nullish(),
  answer: z.string().nullish(),
});

/** Verdicts of a person, as labels. Every line is read before the first is stored; a line without a verdict is left out. */
export async function reviewImportCommand(
  context: Context,
  file: string,
  { source }: ReviewImportOptions,
): Promise<void> {
  const { feedback, open } = await readVerdicts(file, source);
  const { namespace } = await servers(context);
  const sealer = sealerOf(context);
  await withDatabase(context, async (pool) => {
    const problems: string[] = [];
    let labelled = 0;
    for (const { where, word } of feedback) {
      const done = await labelQuery(pool, sealer, namespace, word);
      if (done.type === 'labelled') labelled++;
      else problems.push(`${where}: ${whyNotLabelled(done, word.query)}`);
    }
    if (context.json) context.out(JSON.stringify({ labelled, open, refused: problems.length }));
    else context.out(`${labelled} answers labelled by ${source}, ${open} left open.`);
    if (problems.length > 0) throw new CliError(shortened(problems), EXIT.failure);
  });
}

interface Verdicts {
  readonly feedback: readonly { readonly where: string; readonly word: Feedback }[];
  /** Lines without a verdict. */
  readonly open: number;
}

async function readVerdicts(file: string, source: string): Promise<Verdicts> {
  const feedback: { where: string; word: Feedback }[] = [];
  const problems: string[] = [];
  let number = 0;
  let open = 0;
  for await (const text of linesOf(file)) {
    number++;
    if (text.trim() === '') continue;
    const where = `${file}:${number}`;
    const line = lineSchema.safeParse(parseLine(text));
    if (!line.success) {
      problems.push(`${where}: is no line of a review queue: ${line.error.issues[0]?.message ?? ''}`);
      continue;
    }
    const { query, correct, grade, answer } = line.data;
    const verdict = Object.entries({ correct, grade, answer }).filter(([, value]) => value != null);
    if (verdict.length === 0) {
      open++;
      continue;
    }
    const parsed = parseFeedback({ query, source, sourceKind: 'person', ...Object.fromEntries(verdict) });
    if ('problems' in parsed) problems.push(...parsed.problems.map((problem) => `${where}: ${problem}`));
    else feedback.push({ where, word: parsed.feedback });
  }
  if (problems.length > 0) throw new CliError(shortened(problems), EXIT.usage);
  return { feedback, open };
}
