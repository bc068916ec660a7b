import { expect, test } from 'vitest';
import { extractAnswer, type AnswerSpec } from './answer.ts';
import { lastBoxed } from './boxed.ts';

test('what stands in the last box of a text', () => {
  expect(lastBoxed('The final answer is: $\\boxed{36}$')).toBe('36');
  expect(lastBoxed('first \\boxed{1}, then \\boxed{ 2 }.')).toBe('2');
  expect(lastBoxed('$\\boxed{\\frac{1}{2}}$')).toBe('\\frac{1}{2}');
  expect(lastBoxed('$\\boxed{\\text{False}}$')).toBe('False');
  expect(lastBoxed('\\boxed{}')).toBe('');
  expect(lastBoxed('no box')).toBeUndefined();
  expect(lastBoxed('\\boxed{cut off')).toBeUndefined();
  expect(lastBoxed(`\\boxed{${'{'.repeat(100_000)}`)).toBeUndefined();
});

test('a box is the answer only where there is nothing at the JSON pointer', () => {
  const at = (text: string, normalise: 'number' | 'loose' = 'number'): string | null =>
    extractAnswer(text, { from: 'json', pointer: '/answer', normalise } satisfies AnswerSpec, 0);
  expect(at('## Step 6\nS = 16.\n\nThe final answer is: $\\boxed{1,600}$')).toBe('1600');
  expect(at('So $\\boxed{False}$', 'loose')).toBe('false');
  expect(at('{"reasoning": "\\\\boxed{1}", "answer": "2"}')).toBe('2');
  expect(at('{"answer": null}, or \\boxed{3}')).toBeNull();
  expect(at('{"reasoning": "7"} \\boxed{3}')).toBe('3');
  expect(at('\\boxed{}')).toBeNull();
});
