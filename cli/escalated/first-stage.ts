import { messageText } from '../../core/message.ts';
import type { JsonObject } from '../../core/policy.ts';
import type { StageOutcome } from '../../learning/hard-queries.ts';
import type { LedgerQuery, LedgerResponse } from '../../ledger/recorded-queries.ts';

/** What the first stage did with a query of the ledger, and what would have been right. */
export interface FirstStage extends StageOutcome {
  readonly query: string;
  readonly messages: readonly JsonObject[];
  /** Null where none is known. */
  readonly rightAnswer: RightAnswer | null;
}

export interface RightAnswer {
  /** As an assistant would say it. */
  readonly text: string;
  /** `correction`: somebody wrote it. `label`: a response that was labelled right. `last-stage`: what an audit takes for right. */
  readonly by: 'correction' | 'label' | 'last-stage';
}

/** Null where the query's texts are not retained, or its first stage gave no usable response and nothing else did. */
export function firstStageOf({
  queryId,
  inclusion,
  request,
  correction,
  responses,
}: LedgerQuery): FirstStage | null {
  if (request === null || responses.length === 0) return null;
  const served = responses.filter(({ purpose }) => purpose === 'serve');
  const first = served.find(({ stage }) => stage === 0);
  const right = first?.correct ?? first?.agreesWithLast ?? null;
  return {
    query: queryId,
    messages: request.messages,
    prompt: promptOf(request.messages),
    escalated: served.some(({ stage }) => stage > 0),
    right,
    judgedBy: right === null ? null : first?.correct == null ? 'last-stage' : first.labelledBy,
    inclusion,
    rightAnswer: rightAnswerOf(correction, responses),
  };
}

/** Somebody's words first; then a response that somebody called right, of the latest stage; then the last stage's, of an audit. */
function rightAnswerOf(correction: string | null, responses: readonly LedgerResponse[]): RightAnswer | null {
  if (correction !== null) return { text: correction, by: 'correction' };
  const said = responses.flatMap(({ kept, ...response }) => {
    const text = kept === null ? '' : messageText(kept.message);
    return text === '' ? [] : [{ ...response, text }];
  });
  const labelled = said.findLast(({ correct }) => correct === true);
  if (labelled !== undefined) return { text: labelled.text, by: 'label' };
  const last = said.findLast(({ agreesWithLast }) => agreesWithLast === true);
  return last === undefined || last.correct === false ? null : { text: last.text, by: 'last-stage' };
}

/** What the user said; a system message is the task's own, and the same for all. */
function promptOf(messages: readonly JsonObject[]): string {
  const said = messages.filter(({ role }) => role !== 'system' && role !== 'developer');
  return (said.length === 0 ? messages : said).map(messageText).join('\n');
}
