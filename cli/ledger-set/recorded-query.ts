import { extractAnswer, type AnswerSpec } from '../../core/answer.ts';
import { messageText } from '../../core/message.ts';
import type { LedgerQuery, LedgerResponse } from '../../ledger/recorded-queries.ts';
import type { RecordedModel, RecordedQuery, RecordedResponse } from '../../recorded/format.ts';
import { recordedModel } from '../record/rows.ts';

/** Why something of the ledger is not in the recorded set. */
export const LEFT_OUT = {
  'no-texts': 'queries whose texts are not retained',
  'no-response': 'queries without a usable response',
  'no-price': 'responses of a model without a known price',
  'no-token-counts': 'responses without token counts',
  'second-response': 'further responses of a model that had answered',
} as const;
export type LeftOut = keyof typeof LEFT_OUT;

/** A query of the ledger as a recorded set has it. */
export interface LedgerEntry {
  readonly query: RecordedQuery;
  readonly responses: readonly RecordedResponse[];
  /** At the prices that the responses were billed at. */
  readonly models: Readonly<Record<string, RecordedModel>>;
  /** Labels that were given to another response with the same answer. */
  readonly propagated: number;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Labels are about answers: a response without one takes that of the query's responses with the equal extracted answer,
 * where they agree. In an open-ended task no two answers are equal, so none is taken.
 * @returns what was left out alone, where nothing of the query is left.
 */
export function recordedQueryOf(
  task: string,
  { queryId, inclusion, request, responses }: LedgerQuery,
  spec: AnswerSpec,
): LedgerEntry | { readonly leftOut: readonly LeftOut[] } {
  if (request === null) return { leftOut: ['no-texts'] };
  const leftOut: LeftOut[] = [];
  const usable = new Map<string, Usable>();
  for (const response of responses) {
    const found = usableOf(response, spec);
    if (typeof found === 'string') leftOut.push(found);
    else if (usable.has(response.model)) leftOut.push('second-response');
    else usable.set(response.model, found);
  }
  if (usable.size === 0) return { leftOut: [...leftOut, 'no-response'] };
  const labelled = [...usable].map(([model, own]) => {
    const correct = own.correct ?? agreedLabel([...usable.values()], own.answer);
    return { model, own, correct };
  });
  return {
    query: {
      ...{ id: queryId, task, messages: [...request.messages] },
      ...(inclusion === null ? {} : { inclusion_probability: inclusion }),
    },
    responses: labelled.map(({ model, own, correct }) => ({
      ...{ id: queryId, model, ...own.response },
      ...(correct === null ? {} : { correct: correct ? 1 : 0 }),
    })),
    models: Object.fromEntries([...usable].map(([model, own]) => [model, own.model])),
    propagated: labelled.filter(({ own, correct }) => own.correct === null && correct !== null).length,
    leftOut,
  };
}

interface Usable {
  readonly response: Omit<RecordedResponse, 'id' | 'model' | 'correct'>;
  readonly model: RecordedModel;
  readonly answer: string | null;
  readonly correct: boolean | null;
}

function usableOf(response: LedgerResponse, spec: AnswerSpec): Usable | LeftOut {
  const { kept, price, inputTokens, outputTokens, cachedInputTokens, correct } = response;
  if (kept === null) return 'no-texts';
  if (price === null) return 'no-price';
  if (inputTokens === null || outputTokens === null) return 'no-token-counts';
  const text = messageText(kept.message);
  return {
    response: {
      text,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      ...(cachedInputTokens === null ? {} : { cached_tokens: Math.min(cachedInputTokens, inputTokens) }),
      ...(kept.logprobs === null ? {} : { logprobs: [...kept.logprobs] }),
    },
    model: recordedModel(response.provider, price),
    answer: extractAnswer(text, spec, response.stage),
    correct,
  };
}

function agreedLabel(responses: readonly Usable[], answer: string | null): boolean | null {
  if (answer === null) return null;
  const said = responses.flatMap((other) =>
    other.answer === answer && other.correct !== null ? [other.correct] : [],
  );
  return said.every((label) => label === said[0]) ? (said[0] ?? null) : null;
}
