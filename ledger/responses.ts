import { extractAnswer, type AnswerSpec } from '../core/answer.ts';
import { messageText } from '../core/message.ts';
import { JUDGED } from '../core/review.ts';
import { attemptsOfQuery } from './attempts.ts';
import type { KeptResponse } from './close-attempt.ts';
import type { Queryable } from './database.ts';
import { readTexts, type QueryRef, type Sealer } from './texts.ts';

/** A usable response of a query, of its climb or of its audit. */
export interface UsableResponse {
  readonly attemptId: string;
  /** Place in the chain, from 0; a person's is behind the last model's. */
  readonly stage: number;
  readonly model: string;
  /** Null where it is gone: the task does not retain it. */
  readonly text: string | null;
  /** What the task's extractor finds in it; undefined where its text is gone. */
  readonly answer: string | null | undefined;
}

/** Every usable response, those that served the query before those of its audit. */
export async function usableResponses(
  db: Queryable,
  sealer: Sealer | null,
  query: QueryRef,
  spec: AnswerSpec,
): Promise<UsableResponse[]> {
  const texts = await readTexts(db, sealer, query);
  const attempts = [...(await attemptsOfQuery(db, query)), ...(await attemptsOfQuery(db, query, 'audit'))];
  return attempts
    .filter(({ purpose, status }) => (purpose === 'serve' || purpose === 'audit') && status === 'succeeded')
    .flatMap(({ attemptId, stage, model }): UsableResponse[] => {
      const kept = texts.get(attemptId) as KeptResponse | undefined;
      if (kept === undefined) return [{ attemptId, stage, model, text: null, answer: undefined }];
      // A person who judged the models' answer gave none.
      if (kept.finishReason === JUDGED) return [];
      const text = messageText(kept.message);
      return [{ attemptId, stage, model, text, answer: extractAnswer(text, spec, stage) }];
    });
}
