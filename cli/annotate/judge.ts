import { extractAnswer, type AnswerSpec } from '../../core/answer.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { JsonObject, Policy, PolicyModel } from '../../core/policy.ts';
import type { Price } from '../../core/price.ts';
import { sha256 } from '../../core/request-hash.ts';
import { displaySpend, sumSpend, type Spend } from '../../core/spend.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import type { RecordedJudgement } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import type { EvidenceWriter } from '../../recorded/write-evidence.ts';
import { GRADE_PROMPT, judgeMessages } from '../../scorers/judge.ts';
import { gradeIn } from '../../scorers/learned/gather.ts';
import { withClient } from '../client.ts';
import { costAhead } from '../consent.ts';
import type { Annotated, AnnotateOptions } from '../commands/annotate.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { progress } from '../output.ts';
import { runBatch } from '../run-batch.ts';

/** What a judge is asked about one response. */
interface Question {
  readonly id: string;
  readonly model: string;
  readonly task: string;
  readonly messages: readonly JsonObject[];
}

/** Of every response that holds an answer, as a learned scorer asks it in service. */
export function questionsOf({ queries, responses }: RecordedSet, spec: AnswerSpec): Question[] {
  return [...responses].flatMap(([model, own]) =>
    queries.flatMap(({ id, task, messages }): Question[] => {
      const response = own.get(id);
      const answer = response === undefined ? null : extractAnswer(response.text, spec, 0);
      if (response === undefined || answer === null) return [];
      const { text } = response;
      return [{ id, model, task, messages: judgeMessages(GRADE_PROMPT, { messages }, { text, answer }) }];
    }),
  );
}

/** From the input alone to every reply as long as its limit. */
export function judgingCost(
  questions: readonly Question[],
  { maxOutputTokens }: PolicyModel,
  prices: readonly Price[] | null,
): Spend {
  return sumSpend(questions.map(({ messages }) => costAhead(messages, {}, maxOutputTokens, prices)));
}

/**
 * Each question is a cascade of one stage, under a task of its own (`<task>/annotate/<judge>`), as recording's calls are: durable,
 * billed in the ledger, and found again under its key, which is the question's hash.
 */
export async function judgeAll(
  context: Context,
  { concurrency }: AnnotateOptions,
  judge: PolicyModel,
  questions: readonly Question[],
  writer: EvidenceWriter<RecordedJudgement>,
): Promise<Annotated> {
  if (questions.length === 0) return { written: 0, failed: 0 };
  const tasks = [...new Set(questions.map(({ task }) => task))];
  await withDatabase(context, (pool) =>
    applyPolicies(
      pool,
      tasks.map((task) => judgingPolicy(task, judge)),
    ),
  );
  const items = questions.map((question) => ({
    question,
    key: `annotate/${judge.model}/${sha256(canonicalJson(question.messages))}`,
    request: { task: judgingTask(question.task, judge), messages: [...question.messages] },
  }));
  let written = 0;
  let failed = 0;
  await withClient(context, async (client) => {
    const bar = progress(context, items.length, 'Judgements');
    try {
      await runBatch(client, items, {
        concurrency,
        signal: context.signal,
        async onResult({ item: { question }, answer, error }, spent, done) {
          const { id, model } = question;
          if (answer === undefined) {
            failed++;
            context.say(`${id}, ${model}: ${error.code}: ${error.message}`);
          } else {
            const attempt = answer.attempts.find(({ verdict }) => verdict === 'accepted');
            await writer.add({
              ...{ id, model, grade: gradeIn(answer.text, judge.model) },
              input_tokens: attempt?.inputTokens ?? 0,
              output_tokens: attempt?.outputTokens ?? 0,
            });
            written++;
          }
          bar.update(done, displaySpend(spent));
        },
      });
    } finally {
      bar.stop();
    }
  });
  return { written, failed };
}

function judgingTask(task: string, judge: PolicyModel): string {
  return `${task}/annotate/${judge.model}`;
}

function judgingPolicy(task: string, judge: PolicyModel): Policy {
  return {
    task: judgingTask(task, judge),
    chain: [judge],
    thresholds: [1],
    scorer: {
      ...{ name: 'constant', options: { confidence: 0 }, models: [] },
      ...{ remote: false, scoresLastStage: false },
    },
    answer: { from: 'open' },
    limits: { maxCostUsd: null, deadlineMs: null },
    retention: 'full',
    tokenProfile: { input: 3, output: 1, cachedInput: 0 },
  };
}
