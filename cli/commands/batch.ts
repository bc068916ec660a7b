import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { CascadeRequest } from '../../core/request.ts';
import { matchesReference } from '../../core/reference.ts';
import { displaySpend, spendToJson, type Spend } from '../../core/spend.ts';
import { labelServed } from '../label.ts';
import { withClient } from '../client.ts';
import { messageOf, type Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { readBatch, type BatchLine } from '../jsonl.ts';
import { progress } from '../output.ts';
import { runBatch, type BatchItem, type BatchResult } from '../run-batch.ts';
import { currentPolicy, taskNames } from '../../ledger/policies.ts';
import type pg from 'pg';

export interface BatchCommandOptions {
  readonly task?: string;
  readonly out: string;
  readonly name?: string;
  readonly concurrency: number;
}

interface Item extends BatchItem {
  readonly line: BatchLine;
}

/**
 * A JSONL file through the cascade. Each line's key is made of the batch's name and its id: run again, the batch continues,
 * and nothing is bought twice, whatever ended the last run.
 */
export async function batchCommand(
  context: Context,
  file: string,
  options: BatchCommandOptions,
): Promise<void> {
  const lines = await readBatch(file);
  const name = options.name ?? basename(file).replace(/\.jsonl(\.gz)?$/, '');
  const items = lines.map((line) => itemOf(line, name, options.task));
  const answered = await keepAnswered(options.out);
  const open = items.filter((item) => !answered.has(item.line.id));
  if (answered.size > 0)
    context.say(`${options.out} holds ${answered.size} answers: ${open.length} queries are left.`);
  let failed = 0;
  let total: Spend = { low: 0n, high: 0n };
  await withDatabase(context, async (pool) => {
    await requireTasks(pool, file, open);
    await withClient(context, async (client) => {
      const bar = progress(context, open.length, name);
      try {
        await runBatch(client, open, {
          concurrency: options.concurrency,
          signal: context.signal,
          async onResult(result, spent, done) {
            if (result.error !== undefined) failed++;
            total = spent;
            const correct = await label(pool, result);
            await appendFile(options.out, `${JSON.stringify(resultLine(result, correct))}\n`);
            bar.update(done, displaySpend(spent));
          },
        });
      } finally {
        bar.stop();
      }
    });
  });
  report(context, { file, out: options.out, queries: open.length, failed, total });
}

function itemOf(line: BatchLine, name: string, task: string | undefined): Item {
  const chosen = line.task ?? task;
  if (chosen === undefined)
    throw new CliError(`${line.id} names no task: add "task" to the line, or --task`, EXIT.usage);
  const { messages, parameters, maxCostUsd, deadlineMs, tenant, tags } = line;
  const request = { task: task ?? chosen, messages, parameters, maxCostUsd, deadlineMs, tenant, tags };
  const key = `batch/${name}/${line.id}`;
  return { line, key, request: JSON.parse(JSON.stringify(request)) as CascadeRequest };
}

/** One line for each task that nobody applied, rather than one for each query. */
async function requireTasks(pool: pg.Pool, file: string, items: readonly Item[]): Promise<void> {
  const known = new Set(await taskNames(pool));
  const unknown = [...new Set(items.map(({ request }) => request.task))].filter((task) => !known.has(task));
  if (unknown.length === 0) return;
  const there = known.size === 0 ? 'no task has been applied yet' : `there are: ${[...known].join(', ')}`;
  const problems = unknown.map(
    (task) =>
      `${file}: there is no task "${task}" (${there}): add it to escalier.yaml and run "escalier apply"`,
  );
  throw new CliError(problems.join('\n'), EXIT.usage);
}

/**
 * Ids that the output file has answers of. Lines of queries without an answer are taken out: they are asked again.
 * @throws {CliError} when the file holds anything else: it may be somebody's work.
 */
async function keepAnswered(out: string): Promise<Set<string>> {
  const text = await readFile(out, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new CliError(`${out}: cannot be read: ${String(error)}`, EXIT.usage, error);
  });
  const lines = text.split('\n');
  // The beginning of a result after the last newline was cut short by a crash, and is asked for again.
  const last = lines.pop() ?? '';
  if (!last.startsWith(RESULT_BEGINS) && !RESULT_BEGINS.startsWith(last)) lines.push(last);
  const kept = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const written = writtenLine(line);
    if (written === null) {
      throw new CliError(
        `${out}:${index + 1}: is no result of a batch: name another file with --out, or take the line out`,
        EXIT.usage,
      );
    }
    if (written.answered) kept.set(written.id, line);
  }
  try {
    await writeFile(`${out}.tmp`, [...kept.values()].map((line) => `${line}\n`).join(''));
    await rename(`${out}.tmp`, out);
  } catch (error) {
    throw new CliError(`${out}: cannot be written: ${messageOf(error)}`, EXIT.usage, error);
  }
  return new Set(kept.keys());
}

/** How {@link resultLine} begins. */
const RESULT_BEGINS = '{"id":';

/** A line as {@link resultLine} makes it, or null. */
function writtenLine(line: string): { id: string; answered: boolean } | null {
  try {
    const { id, text, error } = JSON.parse(line) as Record<string, unknown>;
    if (typeof id !== 'string' || (text === undefined) === (error === undefined)) return null;
    return { id, answered: text !== undefined };
  } catch {
    // The caller says which line it is.
    return null;
  }
}

/** Where the line has a reference, the served attempt is labelled by it. */
async function label(pool: pg.Pool, { item, answer }: BatchResult<Item>): Promise<boolean | null> {
  const { reference } = item.line;
  if (reference === undefined || answer === undefined) return null;
  const policy = await currentPolicy(pool, answer.task);
  const correct = policy === null ? null : matchesReference(answer.answer, reference, policy.policy.answer);
  if (correct !== null) await labelServed(pool, answer, correct, 'reference');
  return correct;
}

function resultLine({ item, answer, error }: BatchResult<Item>, correct: boolean | null): object {
  if (answer === undefined) {
    return {
      id: item.line.id,
      error: { code: error.code, message: error.message },
      cost_usd: error.costUsd,
    };
  }
  return {
    id: item.line.id,
    task: answer.task,
    text: answer.text,
    answer: answer.answer,
    outcome: answer.outcome,
    model: answer.model,
    confidence: answer.confidence,
    cost_usd: answer.costUsd,
    cost_low_usd: answer.costLowUsd,
    cost_high_usd: answer.costHighUsd,
    attempts: answer.attempts.length,
    query_id: answer.queryId,
    ...(correct === null ? {} : { correct }),
  };
}

function report(
  context: Context,
  result: { file: string; out: string; queries: number; failed: number; total: Spend },
): void {
  const { queries, failed, out } = result;
  if (context.signal.aborted) {
    throw new CliError(
      'Interrupted. What was started goes on in Temporal; run the same command again to continue.',
      EXIT.interrupted,
    );
  }
  if (context.json) context.out(JSON.stringify({ queries, failed, out, ...spendToJson(result.total) }));
  else
    context.out(
      `${queries - failed} answered, ${failed} without an answer, ${displaySpend(result.total)}; written to ${out}`,
    );
  if (failed > 0)
    throw new CliError(`${failed} of ${queries} queries have no answer: see "error" in ${out}`, EXIT.partial);
}
