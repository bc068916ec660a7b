import { extractAnswer, lastNumber, normalise, type AnswerSpec } from '../core/answer.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { halvesOf } from './split.ts';

/** Responses that each extractor is tried on; more would only take longer. */
const SAMPLE = 2_000;
/** A worse extractor says nothing of who agrees with whom: the answers are open-ended, as far as can be told. */
const LEAST_MATCH = 0.6;
const MOST_LABELS = 50;

/**
 * What the answers of a recorded set are, where nobody says so: the extractor with which "the answer is the reference" says
 * most often what the labels say, on responses to queries that are not test. Of equals the first in the list.
 */
export function inferAnswer(set: RecordedSet): AnswerSpec {
  const { train } = halvesOf(set.queries);
  const responses = train.flatMap((at) => {
    const { id, reference } = set.queries[at]!;
    return [...set.responses.values()].flatMap((ofModel) => {
      const response = ofModel.get(id);
      return response?.correct === undefined || reference === undefined
        ? []
        : [{ text: response.text, correct: response.correct === 1, reference }];
    });
  });
  // Evenly spread: a set may be sorted.
  const step = Math.max(1, Math.floor(responses.length / SAMPLE));
  const sample = responses.filter((_, at) => at % step === 0);
  const match = (spec: AnswerSpec): number =>
    sample.filter(({ text, correct, reference }) => {
      const answer = extractAnswer(text, spec, 0);
      return (answer !== null && answer === referenceAs(spec, reference)) === correct;
    }).length / Math.max(1, sample.length);
  const tried = candidates(set).map((spec) => ({ spec, share: match(spec) }));
  const best = tried.reduce((a, b) => (b.share > a.share ? b : a), { spec: OPEN, share: LEAST_MATCH });
  return best.spec;
}

const OPEN: AnswerSpec = { from: 'open' };

function candidates(set: RecordedSet): AnswerSpec[] {
  const references = [...new Set(set.queries.flatMap(({ reference }) => reference ?? []))];
  const isChoice = references.length >= 2 && references.length <= MOST_LABELS;
  return [
    { from: 'json', pointer: '/answer', normalise: 'number' },
    { from: 'json', pointer: '/answer', normalise: 'loose' },
    ...(isChoice ? [{ from: 'label', labels: references } as const] : []),
    { from: 'number' },
    { from: 'text', normalise: 'loose' },
  ];
}

/** A reference as the extractor would give it. */
function referenceAs(spec: AnswerSpec, reference: string): string | null {
  switch (spec.from) {
    case 'number':
      return lastNumber(reference);
    case 'json':
    case 'text':
      return normalise(reference, spec.normalise);
    case 'label':
    case 'open':
    case 'regex':
      return reference;
  }
}
