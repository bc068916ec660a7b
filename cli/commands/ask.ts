import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import {
  CascadeError,
  type AttemptSummary,
  type CascadeAnswer,
  type CascadeRequest,
  type Escalier,
} from '../../client/index.ts';
import { displayUsd } from '../../core/money.ts';
import { displaySpend, spendFromJson } from '../../core/spend.ts';
import { aborted } from '../aborted.ts';
import { withClient } from '../client.ts';
import { messageOf, type Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { percent, table } from '../output.ts';

export interface AskOptions {
  readonly task: string;
  readonly key?: string;
  readonly system?: string;
  readonly request?: string;
  readonly maxCost?: string;
  readonly deadline?: number;
}

/** One query, with the climb: which models were asked, what each said of itself, what it cost. */
export async function askCommand(
  context: Context,
  question: string | undefined,
  options: AskOptions,
): Promise<void> {
  const request = await requestFrom(question, options);
  await withClient(context, async (client) => {
    try {
      const started = await client.start({
        ...request,
        ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
      });
      context.say(`Query ${started.id}`);
      const answer = await Promise.race([
        watched(context, client, started.id),
        interrupted(context, started.id),
      ]);
      if (context.json) context.out(JSON.stringify(answer));
      else show(context, answer);
    } catch (error) {
      if (!(error instanceof CascadeError)) throw error;
      if (context.json) context.out(JSON.stringify(error.toJSON()));
      else if (error.attempts.length > 0) context.say(climbTable(error.attempts));
      const spent = error.code === 'unavailable' ? '' : ` (spent ${displaySpend(spendFromJson(error))})`;
      throw new CliError(`${error.code}: ${error.message}${spent}`, exitCodeOf(error), error);
    }
  });
}

/** Rejects on Ctrl-C. The query is Temporal's by now, and so is what it costs. */
async function interrupted(context: Context, id: string): Promise<never> {
  await aborted(context.signal);
  throw new CliError(
    `Interrupted. Query ${id} goes on in Temporal: ask the same again with --key ${id} for its answer`,
    EXIT.interrupted,
  );
}

function exitCodeOf(error: CascadeError): number {
  if (error.code === 'unavailable') return EXIT.unavailable;
  return error.code === 'bad-request' || error.code === 'unknown-task' ? EXIT.usage : EXIT.noAnswer;
}

async function requestFrom(question: string | undefined, options: AskOptions): Promise<CascadeRequest> {
  const limits = {
    ...(options.maxCost === undefined ? {} : { maxCostUsd: options.maxCost }),
    ...(options.deadline === undefined ? {} : { deadlineMs: options.deadline }),
  };
  if (options.request !== undefined) {
    const text = await readFile(options.request, 'utf8').catch((error: unknown) => {
      throw new CliError(`--request: cannot be read: ${messageOf(error)}`, EXIT.usage, error);
    });
    return { ...parseJson(options.request, text), ...limits, task: options.task };
  }
  const content = question ?? (process.stdin.isTTY ? '' : (await readAll(process.stdin)).trimEnd());
  if (content.trim() === '') {
    throw new CliError(
      'there is no question: give it as an argument, on standard input, or with --request FILE',
      EXIT.usage,
    );
  }
  const system = options.system === undefined ? [] : [{ role: 'system', content: options.system }];
  return { task: options.task, messages: [...system, { role: 'user', content }], ...limits };
}

function parseJson(file: string, text: string): CascadeRequest {
  try {
    return JSON.parse(text) as CascadeRequest;
  } catch (error) {
    throw new CliError(`${file}: is not JSON: ${messageOf(error)}`, EXIT.usage, error);
  }
}

/** A cascade without slow models has answered by now. */
const PATIENCE_MS = 15_000;

/** Tells each attempt as it ends, where somebody is watching. */
async function watched(context: Context, client: Escalier, id: string): Promise<CascadeAnswer> {
  const result = client.result(id);
  const hint = setTimeout(() => {
    context.say('Still waiting. Where no worker runs nobody answers: "escalier doctor" tells.');
  }, PATIENCE_MS);
  const settled = result.finally(() => {
    clearTimeout(hint);
  });
  if (!context.interactive) return settled;
  const told = new Set<string>();
  const timer = setInterval(() => {
    client.attempts(id).then(
      (attempts) => {
        for (const attempt of attempts) {
          if (attempt.status === 'started' || told.has(attempt.attemptId)) continue;
          told.add(attempt.attemptId);
          context.say(
            `  ${attempt.model}: ${attempt.status}, ${displaySpend(spendFromJson(attempt))}, ${attempt.latencyMs ?? '?'} ms`,
          );
        }
      },
      // The result tells what is wrong; a missed look at the climb is only a missed look.
      () => undefined,
    );
  }, 400);
  try {
    return await settled;
  } finally {
    clearInterval(timer);
  }
}

function show(context: Context, answer: CascadeAnswer): void {
  context.say(climbTable(answer.attempts));
  const confidence = answer.confidence === null ? 'not scored' : `confidence ${percent(answer.confidence)}`;
  const cost = answer.costUsd === null ? displaySpend(spendFromJson(answer)) : `$${answer.costUsd}`;
  context.say(
    `${answer.outcome}: ${answer.model}, ${confidence} (threshold ${percent(answer.threshold)}), ${cost} in all\n`,
  );
  context.out(answer.text);
}

/** The climb, an attempt a row. */
function climbTable(attempts: readonly AttemptSummary[]): string {
  return table(
    ['stage', 'model', 'for', 'status', 'tokens in/out', 'cost', 'ms', 'confidence', 'verdict'],
    attempts.map((attempt) => [
      String(attempt.stage + 1),
      attempt.model,
      attempt.purpose,
      attempt.failure ?? attempt.status,
      `${attempt.inputTokens ?? '?'}/${attempt.outputTokens ?? '?'}`,
      attempt.costUsd === null
        ? displaySpend(spendFromJson(attempt))
        : displayUsd(spendFromJson(attempt).low),
      String(attempt.latencyMs ?? ''),
      attempt.confidence === null ? '' : percent(attempt.confidence),
      attempt.verdict ?? '',
    ]),
  );
}
