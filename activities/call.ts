import { extractAnswer } from '../core/answer.ts';
import type { Json, JsonObject } from '../core/policy.ts';
import { messageText } from '../core/message.ts';
import { cannotPlan, queryLost } from './failures.ts';
import type { Ports } from './ports.ts';
import { runCall } from './run-call.ts';
import { score, type Texts } from './score.ts';
import type { CallInput, CallResult, ScoreResult } from './types.ts';

/** Asks a stage's model, and scores what it says where that is this activity's to do. @throws as `runCall` does. */
export async function call(ports: Ports, input: CallInput, signal: AbortSignal): Promise<CallResult> {
  const earlier = (input.scoring?.responses ?? []).map(({ attemptId }) => attemptId);
  const texts = await ports.ledger.textsOf(input.query, ['request', ...earlier]);
  const request = texts.get('request') as
    { messages: readonly JsonObject[]; parameters: JsonObject } | undefined;
  if (request === undefined) throw await promptIsGone(ports, input);
  const { query, stage } = input;
  const made = await runCall(ports, { ...input, ...request, purpose: 'serve', ordinal: 0 }, signal);
  const { attemptId, response, attempts } = made;
  const { message, finishReason } = response;
  const answer = extractAnswer(messageText(message), query.answer, stage);
  const result = { attemptId, message, finishReason, answer, attempts };
  const withResponse = new Map(texts).set(attemptId, response as unknown as Json);
  const scored = await scoresOf(ports, input, { attemptId, answer }, withResponse, signal);
  return scored === null ? result : { ...result, scores: scored.scores };
}

/** Null where nothing is to be scored here, or where the scorer failed: then the workflow asks it again, by itself. */
async function scoresOf(
  ports: Ports,
  { query, stage, model, deadlineAt, scoring }: CallInput,
  own: Pick<CallResult, 'attemptId' | 'answer'>,
  texts: Texts,
  signal: AbortSignal,
): Promise<ScoreResult | null> {
  if (scoring === undefined) return null;
  const responses = [...scoring.responses, { ...own, stage, model: model.model }];
  const input = { query, stage, scorer: scoring.scorer, responses, deadlineAt };
  return score(ports, input, texts, signal).catch(() => null);
}

async function promptIsGone({ ledger }: Ports, { query }: CallInput): Promise<Error> {
  const { queryId, task, retention } = query;
  if (!(await ledger.knowsQuery(query))) return queryLost(query);
  return cannotPlan(
    'answer-not-retained',
    `the prompt of query ${queryId} is gone: it had ended, and its task retains "${retention}"; start it again under another key`,
    { queryId, task, attempts: await ledger.attemptsOf(query) },
  );
}
