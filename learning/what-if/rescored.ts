import { extractAnswer, type AnswerSpec } from '../../core/answer.ts';
import { messageText } from '../../core/message.ts';
import type { PastAttempt, PastQuery } from '../../core/past-query.ts';
import type { Json, JsonObject } from '../../core/policy.ts';
import type { Score, ScoredQuery, ScoredResponse } from '../../scorers/scorer.ts';
import { responseAt, type Evidence } from './evidence.ts';

/** Texts of a query by item, as the ledger retains them: `request`, and responses by attempt id. */
export type Texts = ReadonlyMap<string, Json>;

export interface Rescoring {
  readonly task: string;
  readonly answer: AnswerSpec;
  readonly score: Score;
  /** Whether it is the scorer that decided then: it must say again what it said. */
  readonly same: boolean;
}

/** Beyond the last digits, which another order of summing may change. */
const SAME = 1e-9;

/** Every usable response of the query taken from its texts and scored again; null where a text is missing. */
export function rescoredEvidence(query: PastQuery, texts: Texts, rescoring: Rescoring): Evidence | null {
  const { task, answer: spec, score, same } = rescoring;
  const request = texts.get('request') as
    { messages: readonly JsonObject[]; parameters: JsonObject } | undefined;
  const responses = new Map<string, ScoredResponse>();
  for (const { purpose, status, stage, model, attemptId } of query.attempts) {
    if (purpose !== 'serve' || status !== 'succeeded') continue;
    const kept = texts.get(attemptId) as
      { message: JsonObject; finishReason: string | null; logprobs: readonly number[] | null } | undefined;
    if (kept === undefined) return null;
    const text = messageText(kept.message);
    const { finishReason, logprobs } = kept;
    responses.set(attemptId, {
      ...{ stage, model, text, finishReason, logprobs },
      answer: extractAnswer(text, spec, stage),
    });
  }
  if (request === undefined) return null;
  const asked: ScoredQuery = { task, messages: request.messages, parameters: request.parameters };
  return {
    answerOf: ({ attemptId }: PastAttempt) => responses.get(attemptId)?.answer ?? null,
    async scoringAt(stage, bought) {
      try {
        const scores = await score(
          asked,
          bought.flatMap(({ attemptId }) => responses.get(attemptId) ?? []),
          NO_CONTEXT,
        );
        const own = responseAt(query, stage);
        const said = own === null ? null : own.confidence;
        const answer = own === null ? null : (responses.get(own.attemptId)?.answer ?? null);
        const says = answer === null ? 0 : scores.find((scored) => scored.answer === answer)?.confidence;
        if (same && said !== null && !(Math.abs((says ?? Number.NaN) - said) <= SAME))
          return { type: 'unknown', reason: 'scorer-changed' };
        return { type: 'scored', scores };
      } catch {
        // Its text may be of a kind that the scorer does not take, or it asks a model: counted, and reported as such.
        return { type: 'unknown', reason: 'cannot-score' };
      }
    },
  };
}

const NO_CONTEXT = {
  signal: new AbortController().signal,
  ask: () => Promise.reject(new Error('what a judge would say is not known')),
  embed: () => Promise.reject(new Error('what an embedder would say is not known')),
};
