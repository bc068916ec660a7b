import { describe, expect, test } from 'vitest';
import { dissect, wordsOf } from './dissect.ts';

const query = {
  task: 't',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What are 1,200 and 3.5?' },
  ],
  parameters: {},
};
const of = (text: string, answer: string | null) =>
  dissect(query, { stage: 0, model: 'm', answer, text, finishReason: null, logprobs: null });

describe('a response, taken apart', () => {
  test.each<[text: string, answer: string | null, raw: string | null, reasoning: string, hasJson: boolean]>([
    // JSON: the reasoning is what else it holds; the answer is found as it was written.
    ['{"reasoning": "2 + 2", "answer": "$1,204.00"}', '1204', '$1,204.00', '2 + 2', true],
    ['{"reasoning": "2 + 2", "answer": "$1,204"}', '1204', '$1,204', '2 + 2', true],
    ['So: {"why": ["a", "b"], "n": 4, "ok": true}', '4', '4', 'a\nb\ntrue', true],
    // A short leaf stands for an answer that is written otherwise; its last mention ends the prose.
    ['{"answer": "four"}', '4', 'four', '{"answer": "', true],
    // Prose: what comes before the answer.
    ['Two and two make 4.', '4', '4', 'Two and two make ', false],
    ['4', '4', '4', '4', false],
    ['Hard to say.', null, null, 'Hard to say.', false],
    ['', null, null, '', false],
  ])('%s', (text, answer, raw, reasoning, hasJson) => {
    expect(of(text, answer)).toMatchObject({ text, answer, rawAnswer: raw, reasoning, hasJson });
  });

  test('has the prompt of all messages, and the numbers of both', () => {
    expect(of('First 7, then 8: 9', '9')).toMatchObject({
      prompt: 'Be brief.\nWhat are 1,200 and 3.5?',
      promptNumbers: [1200, 3.5],
      reasoningNumbers: [7, 8],
      words: ['first', '7', 'then', '8'],
    });
  });

  test('that is long is judged by its beginning and its end', () => {
    const { text, reasoning } = of(`begin ${'x'.repeat(100_000)} the end`, null);
    expect(text).toHaveLength(20_001);
    expect(text.startsWith('begin x')).toBe(true);
    expect(reasoning.endsWith('x the end')).toBe(true);
  });
});

test('words are letters, digits and underscores of any script, in lower case', () => {
  expect(wordsOf("Ünï-code's snake_case: 数 42!")).toEqual(['ünï', 'code', 's', 'snake_case', '数', '42']);
  expect(wordsOf('?!')).toEqual([]);
});

test('numbers have no separators and no sign, and are finite', () => {
  expect(of('$1,234.50, -7 and 3.', null).reasoningNumbers).toEqual([1234.5, 7, 3]);
  expect(of(`${'9'.repeat(400)} then 5`, null).reasoningNumbers).toEqual([5]);
});
