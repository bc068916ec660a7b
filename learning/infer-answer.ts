import { extractAnswer, type AnswerSpec } from '../core/answer.ts';
import { jsonValues } from '../core/json-in-text.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { labelled } from './dataset.ts';

/** Responses that each extractor is tried on; more would only take longer. */
const SAMPLE = 4_000;
/**
 * Chance is 0.5. An extractor that finds no more than a sixth of the right answers equal (0.58) still made policies no worse, as long as
 * it takes no wrong ones for right; a worse one says nothing: the answers are open-ended, as far as can be told.
 */
const LEAST_FIT = 0.55;
/** References that differ more than this are no labels to choose from. */
const MOST_LABELS = 50;
/**
 * The chance that the next query's reference is none of those seen is about the share that stood once (Good 1953,
 * doi:10.1093/biomet/40.3-4.237). Above this they are no closed list: answers would go unread that no query happened to have.
 */
const MOST_UNSEEN = 0.02;
/** A field that fewer of the responses have is not where the answer is. */
const LEAST_FIELD_SHARE = 0.3;
/** Of a response with many fields, those that most responses have. */
const MOST_FIELDS = 8;

/**
 * What the answers of a recorded set are, where nobody says so: the extractor whose equal answers go best with the labels. Of
 * equally good ones the first in the list.
 * @param readable the queries whose labels and references may be read: those that are learned from.
 */
export function inferAnswer(set: RecordedSet, readable: readonly RecordedQuery[]): AnswerSpec {
  const sample = sampleOf(set, readable);
  const best = candidates(readable, sample.flat())
    .map((spec) => ({ spec, fit: fitOf(spec, sample) }))
    .reduce((a, b) => (b.fit > a.fit ? b : a), { spec: OPEN, fit: LEAST_FIT });
  return best.spec;
}

const OPEN: AnswerSpec = { from: 'open' };

type Labelled = Pick<RecordedResponse, 'text' | 'correct'>;

/** Labelled responses, by query; evenly spread, since a set may be sorted. */
function sampleOf(set: RecordedSet, queries: readonly RecordedQuery[]): Labelled[][] {
  const wanted = Math.max(1, Math.floor(SAMPLE / Math.max(1, set.responses.size)));
  const step = Math.max(1, Math.floor(queries.length / wanted));
  return queries
    .filter((_, at) => at % step === 0)
    .map(({ id }) => [...set.responses.keys()].flatMap((model) => labelled(set, model, id) ?? []));
}

/**
 * How well "equal answers" says what the labels say of two responses to one query, in [0, 1]: the mean of the share of pairs of right
 * ones that are equal, and the share of pairs of a right one and a wrong one that are not. Two wrong ones say nothing. An extractor that
 * takes all for equal, or all for different, has a half. It needs no reference, and does not care how an answer is written.
 */
function fitOf(spec: AnswerSpec, queries: readonly (readonly Labelled[])[]): number {
  let [right, equal, mixed, different] = [0, 0, 0, 0];
  for (const responses of queries) {
    const answers = responses.map(({ text }, at) => extractAnswer(text, spec, at));
    for (let i = 0; i < responses.length; i++) {
      for (let j = 0; j < i; j++) {
        const count = responses[i]!.correct! + responses[j]!.correct!;
        if (count === 0) continue;
        const isEqual = answers[i] !== null && answers[i] === answers[j];
        if (count === 2) {
          right++;
          equal += Number(isEqual);
        } else {
          mixed++;
          different += Number(!isEqual);
        }
      }
    }
  }
  return right === 0 || mixed === 0 ? 0 : (equal / right + different / mixed) / 2;
}

/** Of two that read the same, a number is one that was not seen yet, too: so it is before labels. */
function candidates(readable: readonly RecordedQuery[], responses: readonly Labelled[]): AnswerSpec[] {
  const labels = labelsOf(readable.flatMap(({ reference }) => reference ?? []));
  return [
    ...fieldsOf(responses).flatMap((pointer): AnswerSpec[] => [
      { from: 'json', pointer, normalise: 'number' },
      { from: 'json', pointer, normalise: 'loose' },
    ]),
    { from: 'number' },
    ...(labels === null ? [] : [{ from: 'label', labels } as const]),
    { from: 'text', normalise: 'loose' },
  ];
}

/** The references, where they are a closed list to choose from; one that stood once may be a slip. */
function labelsOf(references: readonly string[]): string[] | null {
  const counts = new Map<string, number>();
  for (const reference of references) counts.set(reference, (counts.get(reference) ?? 0) + 1);
  const once = [...counts.values()].filter((count) => count === 1).length;
  const isClosed = once <= Math.max(1, MOST_UNSEEN * references.length);
  return isClosed && counts.size >= 2 && counts.size <= MOST_LABELS ? [...counts.keys()] : null;
}

/** Pointers to the fields that many of the responses have in a JSON object: `answer` first, then those that most have. */
function fieldsOf(responses: readonly Labelled[]): string[] {
  const counts = new Map<string, number>();
  for (const { text } of responses) {
    const keys = new Set([...jsonValues(text)].flatMap((value) => keysOf(value)));
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const common = [...counts]
    .filter(([, count]) => count >= LEAST_FIELD_SHARE * responses.length)
    .sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
    .slice(0, MOST_FIELDS)
    .map(([key]) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  return [...new Set(['/answer', ...common])];
}

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
