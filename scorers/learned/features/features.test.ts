import { expect, test } from 'vitest';
import type { Dissected } from './dissect.ts';
import { FEATURES } from './index.ts';

/** A response of which nothing is remarkable. Numbers and words are set with the text that they are in. */
const PLAIN: Dissected = {
  prompt: 'How many?',
  promptNumbers: [],
  text: 'It is 12.',
  answer: '12',
  rawAnswer: '12',
  reasoning: 'It is',
  reasoningNumbers: [],
  words: ['it', 'is'],
  hasJson: false,
  finishReason: 'stop',
  logprobs: null,
  evidence: { grade: null, embedding: null },
};

const none = { answer: null, rawAnswer: null };
const answer = (text: string, raw = text): Partial<Dissected> => ({ answer: text, rawAnswer: raw });
const reasoning = (text: string): Partial<Dissected> => ({ reasoning: text });
const ln = Math.log;

/** Feature, what is remarkable, and what it comes to, counted by hand; counts are ln(1 + count). */
const CASES: readonly (readonly [name: string, of: Partial<Dissected>, value: number | null])[] = [
  ['text-length', { text: 'x'.repeat(99) }, ln(100)],
  ['text-length', { text: '' }, 0],
  ['reasoning-words', {}, ln(3)],
  ['length-to-prompt', { text: 'x'.repeat(19), prompt: 'x'.repeat(9) }, ln(2)],
  ['lines', reasoning('a\nb\nc'), ln(4)],
  ['sentences', reasoning('One. Two! 3.5 is no end. Four?'), ln(5)],
  ['compressibility', { text: '' }, null],
  ['vocabulary', { words: ['a', 'b', 'a', 'a'] }, 0.5],
  ['vocabulary', { words: [] }, null],
  ['repeated-trigrams', { words: ['a', 'b', 'c', 'a', 'b', 'c'] }, 0.25],
  ['repeated-trigrams', { words: ['a', 'b'] }, null],
  ['word-length', { words: ['a', 'bcd'] }, 2],
  ['word-length', { words: [] }, null],
  ['cut-off', { finishReason: 'length' }, 1],
  ['cut-off', { finishReason: null }, 0],
  ['json', { hasJson: true }, 1],
  ['json', {}, 0],
  ['text-around-json', { hasJson: true, text: 'Here: {"a": 1}' }, ln(7)],
  ['text-around-json', {}, null],
  ['code-fence', { text: 'a ```b```' }, 1],
  ['unbalanced', { text: '(a [b] {c}' }, 1],
  ['unbalanced', { text: '(a [b] {c})' }, 0],
  ['answer-length', {}, ln(3)],
  ['answer-length', none, null],
  ['answer-words', answer('new york', ' New  York '), ln(3)],
  ['answer-digits', answer('a1b2'), 0.5],
  ['answer-is-number', answer('-12.5'), 1],
  ['answer-is-number', answer('12 apples'), 0],
  ['answer-is-whole', answer('12.5'), 0],
  ['answer-is-whole', answer('12'), 1],
  ['answer-is-whole', answer('twelve'), null],
  ['answer-decimals', answer('1.125'), 3],
  ['answer-decimals', answer('1'), 0],
  ['answer-magnitude', answer('-99'), ln(100)],
  ['answer-not-positive', answer('0'), 1],
  ['answer-not-positive', answer('1'), 0],
  ['answer-round', answer('130'), 1],
  ['answer-round', answer('0'), 0],
  ['answer-with-unit', answer('5', '5 km'), 1],
  ['answer-with-unit', answer('5', '5 m'), 0],
  ['answer-with-symbol', answer('5', '$5'), 1],
  ['answer-quoted', answer('a', ' "a"'), 1],
  ['answer-in-brackets', answer('[1]'), 1],
  ['answer-boolean', answer('True'), 1],
  ['answer-boolean', answer('truest'), 0],
  ['answer-empty-literal', answer('""', ' [] '), 1],
  ['answer-empty-literal', answer('x', '[x]'), 0],
  ['answer-commas', answer('a,b,c'), ln(3)],
  ['answer-backslashes', answer('\\n'), ln(2)],
  ['answer-inner-spaces', answer('a b', 'a  b'), 1],
  ['answer-inner-spaces', answer('a b', '  a b  '), 0],
  ['answer-repeats', answer('aaa'), 1],
  ['answer-repeats', answer('aab'), 0],
  ['answer-in-prompt', { ...answer('8'), prompt: 'It costs 8.' }, 1],
  ['answer-in-prompt', { ...answer('8'), prompt: '18 or 80?' }, 0],
  ['answer-in-reasoning', { ...answer('8', ' 8 '), ...reasoning('so 8') }, 1],
  ['answer-in-reasoning', none, null],
  ['answer-mentions', { ...answer('8'), ...reasoning('8 and 8') }, ln(3)],
  ['answer-is-last-number', { ...answer('-8'), reasoningNumbers: [3, 8] }, 1],
  ['answer-is-last-number', { ...answer('8'), reasoningNumbers: [8, 3] }, 0],
  ['answer-is-last-number', answer('8'), null],
  ['answer-among-last-numbers', { ...answer('8'), reasoningNumbers: [8, 1, 2, 3] }, 1],
  ['answer-among-last-numbers', { ...answer('8'), reasoningNumbers: [8, 1, 2, 3, 4] }, 0],
  ['answer-at-end', { ...answer('8'), ...reasoning('is 8 ok') }, ln(5)],
  ['answer-at-end', { ...answer('8'), ...reasoning('none') }, null],
  ['hedges', reasoning('Perhaps about 5, assuming that; roundabout'), ln(4)],
  ['corrections', reasoning('Wait, actually; let me recount, but butter'), ln(5)],
  ['refusals', reasoning("I cannot, can't; sorry"), ln(4)],
  ['conclusions', reasoning('Therefore, so, sofa'), ln(3)],
  ['conditions', reasoning('If and since; iffy'), ln(3)],
  ['step-words', reasoning('Step 1, then next'), ln(4)],
  ['questions', reasoning('a? b?'), ln(3)],
  ['equals-signs', reasoning('1 = 1'), ln(2)],
  ['operators', reasoning('1 + 2 - 3 well-known'), ln(3)],
  ['fractions', reasoning('1/2 and 3 / 4'), ln(2)],
  ['percentages', reasoning('5% or 6 percent'), ln(3)],
  ['quotes', reasoning('"a"'), ln(3)],
  ['numbers', { reasoningNumbers: [1, 1] }, ln(3)],
  ['distinct-numbers', { reasoningNumbers: [1, 1] }, ln(2)],
  ['largest-number', { reasoningNumbers: [9, 99] }, ln(100)],
  ['largest-number', {}, 0],
  ['long-decimals', reasoning('3.1416 and 2.5'), ln(2)],
  ['fractional-numbers', { reasoningNumbers: [1, 2.5] }, 0.5],
  ['fractional-numbers', {}, null],
  ['prompt-numbers-used', { promptNumbers: [1, 2, 3, 4], reasoningNumbers: [2, 9] }, 0.25],
  ['prompt-numbers-used', {}, null],
  ['prompt-words-used', { words: ['many', 'it'] }, 0.5],
  ['prompt-words-used', { words: [] }, null],
  ['ends-in-the-middle', reasoning('so the '), 1],
  ['ends-in-the-middle', reasoning('so.'), 0],
  ['calculations', reasoning('1 + 1 = 2 and 2 * 2 = 5'), ln(3)],
  ['calculations-right', reasoning('1 + 1 = 2 and 2 * 2 = 5'), 0.5],
  ['calculations-right', {}, null],
  ['calculations-wrong', reasoning('1 + 1 = 2 and 2 * 2 = 5'), ln(2)],
  ['prompt-length', { prompt: 'x'.repeat(9) }, ln(10)],
  ['prompt-number-count', { promptNumbers: [1, 2] }, ln(3)],
  ['prompt-largest-number', { promptNumbers: [9, 1] }, ln(10)],
  ['prompt-largest-number', {}, 0],
  ['prompt-lines', { prompt: 'a\nb' }, ln(3)],
  ['prompt-questions', { prompt: 'a? b?' }, ln(3)],
  ['prompt-percentages', { prompt: '5% or 5 Percent' }, ln(3)],
  ['prompt-fractions', { prompt: 'half, 2/3, twice, halfway' }, ln(4)],
  ['prompt-indentation', { prompt: 'def f():\n        return 1\n    pass' }, ln(2)],
  ['logprob-mean', { logprobs: [-1, -3] }, -2],
  ['logprob-mean', { logprobs: [] }, null],
  ['logprob-mean', {}, null],
  ['logprob-lowest', { logprobs: [-1, -3] }, -3],
  ['logprob-lowest', { logprobs: [-1, -9999] }, -20],
  ['logprob-lowest', { logprobs: [] }, null],
  ['logprob-lowest', {}, null],
  ['logprob-unsure-tokens', { logprobs: [-0.1, -0.69, -0.7, -3] }, 0.5],
  ['logprob-unsure-tokens', {}, null],
  ['logprob-last-tokens', { logprobs: [-9, ...Array<number>(12).fill(-0.5)] }, -0.5],
  ['logprob-last-tokens', {}, null],
];

const featureOf = (name: string) => FEATURES.find((feature) => feature.name === name);

test.each(CASES)('%s of %j is %s', (name, of, value) => {
  const found = featureOf(name)?.of({ ...PLAIN, ...of });
  if (value === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(value, 12);
});

test('what repeats itself is compressible', () => {
  const of = (text: string) => featureOf('compressibility')?.of({ ...PLAIN, text });
  expect(of('the same again. '.repeat(50))).toBeLessThan(0.1);
  expect(of('Five apples at two dollars')).toBeGreaterThan(0.8);
});

test('every feature has a name of its own in kebab-case, and is in the table', () => {
  const names = FEATURES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect(names.filter((name) => !CASES.some(([tested]) => tested === name))).toEqual([]);
});
