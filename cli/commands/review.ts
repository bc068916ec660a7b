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
    const lines = items.map((item) =>
      JSON.stringify({
        ...item,
        others: item.others.map((other) => ({ ...other, correct: null, grade: null })),
        correct: null,
        grade: null,
        answer: null,
      }),
    );
    await writeFile(options.out, lines.map((line) => `${line}\n`).join(''));
    const count = { queries: items.length, out: options.out };
    if (context.json) context.out(JSON.stringify(count));
    else
      context.out(
        `${items.length} queries in ${options.out}: set "correct" (true or false), "grade" (0 to 1) or "answer" on each that you judge ("correct" or "grade" on each of its "others", too, where the answers are open-ended), then run "escalier review import".`,
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

const verdict = { correct: z.boolean().nullish(), grade: z.number().nullish() };

/** A line of the queue as it comes back: null is what the person left open. */
const lineSchema = z.looseObject({
  query: z.string(),
  ...verdict,
  answer: z.string().nullish(),
  others: z.array(z.looseObject({ attempt: z.string().optional(), ...verdict })).optional(),
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
    const { query, correct, grade, answer, others = [] } = line.data;
    const words = [{ correct, grade, answer }, ...others.map(otherWord)].flatMap(filledIn);
    if (words.length === 0) open++;
    for (const word of words) {
      const parsed = parseFeedback({ query, source, sourceKind: 'person', ...word });
      if ('problems' in parsed) problems.push(...parsed.problems.map((problem) => `${where}: ${problem}`));
      else feedback.push({ where, word: parsed.feedback });
    }
  }
  if (problems.length > 0) throw new CliError(shortened(problems), EXIT.usage);
  return { feedback, open };
}

type Line = z.infer<typeof lineSchema>;

/** Its `answer` is what it said, and not what would have been right. */
function otherWord({ attempt = '', correct, grade }: NonNullable<Line['others']>[number]): object {
  return correct == null && grade == null ? {} : { attempt, correct, grade };
}

/** What a person filled in; nothing where they left all of it open. */
function filledIn(word: object): object[] {
  const filled = Object.entries(word).filter(([, value]) => value != null);
  return filled.length === 0 ? [] : [Object.fromEntries(filled)];
}
