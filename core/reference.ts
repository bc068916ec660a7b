import { extractAnswer, lastNumber, normalise, type AnswerSpec } from './answer.ts';

/**
 * Whether an answer is the reference, under the task's own normalisation; null where the task's answers cannot be compared
 * (open-ended tasks).
 */
export function matchesReference(answer: string | null, reference: string, spec: AnswerSpec): boolean | null {
  const expected = referenceAnswer(reference, spec);
  return expected === null ? null : answer === expected;
}

/** A reference as the extractor would have found it in a response. */
function referenceAnswer(reference: string, spec: AnswerSpec): string | null {
  switch (spec.from) {
    case 'open':
      return null;
    case 'number':
      return lastNumber(reference);
    case 'label':
      return extractAnswer(reference, spec, 0);
    case 'text':
    case 'json':
    case 'regex':
      // As a whole text, so that a long one is cut as a response's is.
      return (
        extractAnswer(reference, { from: 'text', normalise: spec.normalise }, 0) ??
        normalise(reference, 'none')
      );
  }
}
