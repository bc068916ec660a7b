import { extractAnswer, type AnswerSpec } from '../../core/answer.ts';
import type { LedgerQuery } from '../../ledger/recorded-queries.ts';
import type { RecordedQuery, RecordedResponse } from '../../recorded/format.ts';
import type { LedgerEntry } from '../ledger-set/recorded-query.ts';

/** An audited query with each response known to be right or wrong. */
export interface JudgedQuery {
  readonly query: RecordedQuery & { readonly inclusion_probability: number };
  readonly responses: readonly (RecordedResponse & { readonly correct: 0 | 1 })[];
  /** What the answers were held against: person, reference or caller; last-stage where a label was missing. */
  readonly judgedBy: string;
  /** Whether anybody labelled any of them. */
  readonly labelled: boolean;
}

/** The best word first, as in the view `answer_labels`. */
const KINDS = ['person', 'reference', 'caller'];

/**
 * Says of every response of an audited query whether it is right. By labels: its own, that of a response with the same answer, or
 * that another answer is right. Where none says it, by the last stage: only its answer is taken for right, and not even that where a
 * label says that it is wrong. That is hard on answers that nobody labelled; but to leave the query out would be to choose queries by
 * what their labels say, since a label of a wrong answer says nothing of the others.
 * @param models that must have answered.
 * @returns null where one of them has no response, or a response cannot be judged.
 */
export function judgedQuery(
  ledger: LedgerQuery,
  entry: LedgerEntry,
  spec: AnswerSpec,
  models: readonly string[],
): JudgedQuery | null {
  const { inclusion } = ledger;
  if (inclusion === null || !models.every((model) => entry.responses.some((own) => own.model === model)))
    return null;
  const said = entry.responses.map((response): Said => {
    const kept = ledger.responses.find(({ model }) => model === response.model);
    const answer = extractAnswer(response.text, spec, kept?.stage ?? 0);
    return { response, answer, agreesWithLast: kept?.agreesWithLast ?? null };
  });
  const right = new Set(said.flatMap(({ response, answer }) => (response.correct === 1 ? [answer] : [])));
  const judge = ({ response, answer, agreesWithLast }: Said): Judgement | null => {
    if (response.correct !== undefined) return { correct: response.correct, byLastStage: false };
    if (right.size > 0 && spec.from !== 'open')
      return { correct: right.has(answer) ? 1 : 0, byLastStage: false };
    if (agreesWithLast === null) return null;
    // Where a label says that the last stage is wrong, so has had what agrees with it.
    return { correct: agreesWithLast ? 1 : 0, byLastStage: true };
  };
  const judged = said.flatMap((own) => {
    const judgement = judge(own);
    return judgement === null ? [] : [{ ...own, ...judgement }];
  });
  if (judged.length < said.length) return null;
  const kinds = new Set(ledger.responses.map(({ labelledBy }) => labelledBy));
  return {
    query: { ...entry.query, inclusion_probability: inclusion },
    responses: judged.map(({ response, correct }) => ({ ...response, correct })),
    judgedBy: judged.some(({ byLastStage }) => byLastStage)
      ? 'last-stage'
      : (KINDS.find((kind) => kinds.has(kind)) ?? 'last-stage'),
    labelled: KINDS.some((kind) => kinds.has(kind)),
  };
}

interface Said {
  readonly response: RecordedResponse;
  readonly answer: string | null;
  readonly agreesWithLast: boolean | null;
}

interface Judgement {
  readonly correct: 0 | 1;
  readonly byLastStage: boolean;
}
