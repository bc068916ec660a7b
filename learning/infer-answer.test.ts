import { describe, expect, test } from 'vitest';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { inferAnswer } from './infer-answer.ts';
import { queriesAt } from './split.ts';

const MODELS = ['small', 'medium', 'large'];
const QUERIES = 60;

/** Labelled responses whose texts say `answer`: the right one is `of(query)`, a wrong one another query's. */
function setOf(
  of: (query: number) => string,
  textOf: (answer: string, query: number, model: number) => string,
  own: {
    readonly references?: boolean;
    readonly labelOf?: (query: number, isRight: boolean) => boolean;
  } = {},
): RecordedSet {
  const queries = Array.from({ length: QUERIES }, (_, at): RecordedQuery => {
    const query = { id: `q${at}`, task: 't', messages: [{ role: 'user', content: `question ${at}` }] };
    return own.references === true ? { ...query, reference: of(at) } : query;
  });
  const responses = MODELS.map((model, m): [string, Map<string, RecordedResponse>] => [
    model,
    new Map(
      queries.map(({ id }, at) => {
        const isRight = (at + m) % 3 !== 0;
        const text = textOf(of(isRight ? at : at + 1 + m), at, m);
        const correct = (own.labelOf?.(at, isRight) ?? isRight) ? 1 : 0;
        return [id, { id, model, text, input_tokens: 1, output_tokens: 1, correct }];
      }),
    ),
  ]);
  const price = { provider: 'made-up', input_usd_per_mtok: 1, output_usd_per_mtok: 1 };
  return {
    queries,
    responses: new Map(responses),
    models: Object.fromEntries(MODELS.map((name) => [name, price])),
  };
}

const everyQuery = Array.from({ length: QUERIES }, (_, at) => at);
const inferred = (set: RecordedSet, readable = everyQuery) =>
  inferAnswer(set, queriesAt(set.queries, readable));

const number = (at: number) => String(7 * at + 3);
const city = (at: number) => `city ${'abcdefgh'[at % 8] ?? ''}`;
const choice = (at: number) => 'ABCD'[at % 4] ?? '';
/** Dresses one answer up in several ways, none of which changes it. */
const dressed = (text: string, model: number) => [text, `$${text}`, `${text}.00`][model] ?? text;

describe('what the answers of a set are', () => {
  const cases: readonly (readonly [string, RecordedSet, unknown])[] = [
    [
      'a number in a field, without references',
      setOf(number, (answer, _, model) =>
        JSON.stringify({ reasoning: `so ${answer}`, answer: dressed(answer, model) }),
      ),
      { from: 'json', pointer: '/answer', normalise: 'number' },
    ],
    [
      'words in a field',
      setOf(city, (answer, at, model) =>
        JSON.stringify({ year: 1900 + at, answer: model === 1 ? answer.toUpperCase() : answer }),
      ),
      { from: 'json', pointer: '/answer', normalise: 'loose' },
    ],
    [
      'a field of another name, with a slash',
      setOf(city, (answer, at) => `Look: ${JSON.stringify({ year: 1900 + at, 'town/city': answer })}`),
      { from: 'json', pointer: '/town~1city', normalise: 'loose' },
    ],
    [
      'an object in a field',
      setOf(city, (answer, at, model) =>
        JSON.stringify({ thought: `${at} ${model}`, solution: { house: { city: answer } } }),
      ),
      { from: 'json', pointer: '/solution', normalise: 'loose' },
    ],
    [
      'the last number of a text',
      setOf(number, (answer, at, model) => `Of ${at} and ${model} it comes to $${answer}.`),
      { from: 'number' },
    ],
    [
      'one of the references',
      setOf(choice, (answer, _, model) => `By step ${model} the answer is (${answer}).`, {
        references: true,
      }),
      { from: 'label', labels: ['A', 'B', 'C', 'D'] },
    ],
    [
      'a number, though few numbers are right',
      setOf(
        (at) => String((at % 4) + 3),
        (answer, _, model) => `By step ${model} it comes to ${answer}.`,
        { references: true },
      ),
      { from: 'number' },
    ],
    ['the whole text', setOf(city, (answer) => ` ${answer}. `), { from: 'text', normalise: 'loose' }],
    [
      'nothing that right responses have in common',
      setOf(city, (answer, at, model) => `Letter ${model} of ${'xyz'.repeat(at)}: ${answer}, yours ${model}`),
      { from: 'open' },
    ],
  ];
  test.each(cases)('%s', (_, set, expected) => {
    expect(inferred(set)).toEqual(expected);
  });

  test('of a set in which all are right, or all wrong, nothing can be told', () => {
    for (const label of [true, false]) {
      const set = setOf(number, (answer) => JSON.stringify({ answer }), { labelOf: () => label });
      expect(inferred(set)).toEqual({ from: 'open' });
    }
  });

  test('only labels that may be read are read', () => {
    const text = (answer: string, at: number) => JSON.stringify({ answer, parity: at % 2 });
    const readable = everyQuery.filter((at) => at < 30);
    const set = setOf(number, text);
    // The others say the opposite.
    const permuted = setOf(number, text, { labelOf: (at, isRight) => (at < 30 ? isRight : !isRight) });
    expect(inferred(permuted, readable)).toEqual(inferred(set, readable));
    expect(inferred(permuted, everyQuery.slice(30))).not.toEqual(inferred(set, readable));
  });

  test('references are labels where hardly one stands once, and only those that may be read', () => {
    const text = (answer: string, _: number, model: number) => `By step ${model} the answer is (${answer}).`;
    const tailed = (at: number) => (at % 2 === 0 ? choice(at / 2) : `${choice(at)}${at >> 3}`);
    expect(inferred(setOf(tailed, text, { references: true }))).not.toMatchObject({ from: 'label' });
    const later = (at: number) => (at < 40 ? choice(at) : `${choice(at)}${at % 8}`);
    const set = setOf(later, text, { references: true });
    expect(inferred(set, everyQuery.slice(0, 36))).toEqual({ from: 'label', labels: ['A', 'B', 'C', 'D'] });
  });
});
