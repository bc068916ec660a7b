import type { AnswerSpec } from './answer.ts';
import { isRight, type Verdict } from './feedback.ts';
import { matchesReference } from './reference.ts';

/** A usable response as it is judged. */
export interface JudgedResponse {
  readonly attemptId: string;
  /** What the task's extractor finds in it; undefined where its text is gone. */
  readonly answer: string | null | undefined;
}

export interface ResponseLabel {
  readonly attemptId: string;
  readonly correct: boolean;
  readonly grade: number | null;
}

/**
 * What a verdict on one answer says of every response of the query. The right answer says it of all of them. A word on the
 * judged one holds for all that gave the same answer; that it is right makes the different ones wrong, that it is wrong says
 * nothing of them. Of open-ended answers only the judged one is labelled, and a right answer that somebody wrote means that it
 * was not.
 * @returns labels, the judged response's first; null where the right answer can be held against nothing: the judged text is gone.
 */
export function labelsOf(
  verdict: Verdict,
  responses: readonly JudgedResponse[],
  judgedAttemptId: string,
  spec: AnswerSpec,
): ResponseLabel[] | null {
  const judged = responses.find(({ attemptId }) => attemptId === judgedAttemptId);
  const others = responses.filter(({ attemptId }) => attemptId !== judgedAttemptId);
  if (verdict.answer !== undefined) {
    if (spec.from === 'open')
      return [{ attemptId: judgedAttemptId, correct: false, grade: verdict.grade ?? null }];
    if (judged?.answer === undefined) return null;
    const { answer: right } = verdict;
    return [judged, ...others].flatMap(({ attemptId, answer }) => {
      const correct = answer === undefined ? null : matchesReference(answer, right, spec);
      const grade = attemptId === judgedAttemptId ? (verdict.grade ?? null) : null;
      return correct === null ? [] : [{ attemptId, correct, grade }];
    });
  }
  const correct = isRight(verdict);
  const grade = verdict.grade ?? null;
  const same = others.flatMap(({ attemptId, answer }): ResponseLabel[] => {
    if (
      spec.from === 'open' ||
      answer === undefined ||
      judged?.answer === undefined ||
      judged.answer === null
    )
      return [];
    if (answer === judged.answer) return [{ attemptId, correct, grade }];
    return correct ? [{ attemptId, correct: false, grade: null }] : [];
  });
  return [{ attemptId: judgedAttemptId, correct, grade }, ...same];
}
