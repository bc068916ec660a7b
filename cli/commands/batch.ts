import { createHash } from 'node:crypto';
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { CascadeRequest } from '../../core/request.ts';
import { matchesReference } from '../../core/reference.ts';
import { displaySpend, spendToJson, type Spend } from '../../core/spend.ts';
import { labelServed } from '../label.ts';
import { withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { readBatch, type BatchLine } from '../jsonl.ts';
import { progress } from '../output.ts';
import { runBatch, type BatchItem, type BatchResult } from '../run-batch.ts';
import { currentPolicy } from '../../ledger/policies.ts';
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
  await withDatabase(context, (pool) =>
    withClient(context, async (client) => {
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
    }),
  );
  report(context, { file, out: options.out, queries: open.length, failed, total });
}

function itemOf(line: BatchLine, name: string, task: string | undefined): Item {
  const chosen = line.task ?? task;
  if (chosen === undefined)
    throw new CliError(`${line.id} names no task: add "task" to the line, or --task`, EXIT.usage);
  const { messages, parameters, maxCostUsd, deadlineMs, tenant, tags } = line;
  const request = { task: task ?? chosen, messages, parameters, maxCostUsd, deadlineMs, tenant, tags };
  // Temporal's ids are plain and at most 1,000 characters; an id of any form fits as it is or as its hash.
  const id = line.id.length <= 200 ? line.id : createHash('sha256').update(line.id).digest('hex');
  return { line, key: `batch/${name}/${id}`, request: JSON.parse(JSON.stringify(request)) as CascadeRequest };
}

/** Ids that the output file has answers of. Lines of queries without an answer are taken out: they are asked again. */
async function keepAnswered(out: string): Promise<Set<string>> {
  const text = await readFile(out, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new CliError(`${out}: cannot be read: ${String(error)}`, EXIT.usage, error);
  });
  const kept = text.split('\n').filter((line) => {
    try {
      return line !== '' && 'text' in (JSON.parse(line) as object);
    } catch {
      // A line that a crash cut short is asked for again.
      return false;
    }
  });
  await writeFile(`${out}.tmp`, kept.map((line) => `${line}\n`).join(''));
  await rename(`${out}.tmp`, out);
  return new Set(kept.map((line) => (JSON.parse(line) as { id: string }).id));
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
