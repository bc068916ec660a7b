import { describe, expect, test } from 'vitest';
import { parseFeedback, type Verdict } from './feedback.ts';
import { labelsOf, type JudgedResponse } from './labels.ts';

const NUMBER = { from: 'number' } as const;
const responses: JudgedResponse[] = [
  { attemptId: 'a', answer: '42' },
  { attemptId: 'b', answer: '41' },
  { attemptId: 'c', answer: '42' },
  { attemptId: 'd', answer: null },
];

/** Which responses are called right and which wrong, the served one being `a`. */
function said(
  verdict: Verdict,
  of = responses,
  spec: Parameters<typeof labelsOf>[3] = NUMBER,
): string | null {
  const labels = labelsOf(verdict, of, 'a', spec);
  return labels && labels.map(({ attemptId, correct }) => `${attemptId}${correct ? '+' : '-'}`).join(' ');
}

describe('what a verdict says of each response', () => {
  test.each<[Verdict, string]>([
    [{ correct: true }, 'a+ b- c+ d-'],
    [{ correct: false }, 'a- c-'],
    [{ grade: 0.5 }, 'a+ b- c+ d-'],
    [{ grade: 0.49 }, 'a- c-'],
    [{ grade: 0.2, correct: true }, 'a+ b- c+ d-'],
    [{ answer: 'It is 42.' }, 'a+ b- c+ d-'],
    [{ answer: '41' }, 'a- b+ c- d-'],
    [{ answer: '7' }, 'a- b- c- d-'],
  ])('%o', (verdict, expected) => {
    expect(said(verdict)).toBe(expected);
  });

  test('a grade is kept with the answers that it was given for', () => {
    expect(labelsOf({ grade: 0.8 }, responses, 'a', NUMBER)?.map(({ grade }) => grade)).toEqual([
      0.8,
      null,
      0.8,
      null,
    ]);
  });

  test('of an open-ended task is about the served one alone, and a written answer means that it was not right', () => {
    const open = responses.map(({ attemptId }, at) => ({ attemptId, answer: `response ${at + 1}` }));
    expect(said({ correct: true }, open, { from: 'open' })).toBe('a+');
    expect(said({ answer: 'anything' }, open, { from: 'open' })).toBe('a-');
  });

  test('may be about another response than the served one', () => {
    const judged = (verdict: Verdict): unknown =>
      labelsOf(verdict, responses, 'b', NUMBER)?.map(({ attemptId, correct }) => [attemptId, correct]);
    expect(judged({ correct: false })).toEqual([['b', false]]);
    expect(judged({ correct: true })).toEqual([
      ['b', true],
      ['a', false],
      ['c', false],
      ['d', false],
    ]);
  });

  test('without texts is about the served one alone; a right answer then cannot be held against anything', () => {
    const gone = responses.map(({ attemptId }) => ({ attemptId, answer: undefined }));
    expect(said({ correct: true }, gone)).toBe('a+');
    expect(said({ answer: '42' }, gone)).toBeNull();
  });
});

describe('feedback that is none', () => {
  const about = { query: 'ticket-1', source: 'app', sourceKind: 'caller' };
  test.each([
    [{}, 'says nothing of the answer'],
    [{ correct: true, answer: '42' }, 'gives both correct and answer'],
    [{ grade: 1.5 }, 'grade: '],
    [{ correct: 'yes' }, 'correct: '],
    [{ correct: true, sourceKind: 'robot' }, 'sourceKind: '],
    [{ correct: true, note: 'x' }, 'note'],
    [{ correct: true, attempt: 'the second' }, 'attempt: '],
  ])('%o', (word, message) => {
    const parsed = parseFeedback({ ...about, ...word });
    expect('problems' in parsed && parsed.problems.join('\n')).toContain(message);
  });
});
