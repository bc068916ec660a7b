import { flag, logOf, share, type Feature } from './feature.ts';
import type { Dissected } from './dissect.ts';

/** Words of doubt, correction and refusal, and what the reasoning does with the numbers it was given. */
export const REASONING: readonly Feature[] = [
  counted(
    'hedges',
    /\b(?:assum\w*|approximately|about|roughly|perhaps|probably|might|may be|possibly|likely|seems?|appears?|unclear|estimate\w*)\b/gi,
  ),
  counted(
    'corrections',
    /\b(?:wait|actually|correction|mistake\w*|incorrect\w*|re-?check\w*|re-?evaluat\w*|let me re\w*|however|but)\b/gi,
  ),
  counted(
    'refusals',
    /\b(?:cannot|can't|unable|impossible|sorry|not enough information|insufficient|no information)\b/gi,
  ),
  counted('conclusions', /\b(?:therefore|thus|hence|so|finally)\b/gi),
  counted('conditions', /\b(?:if|since|because|given)\b/gi),
  counted('step-words', /\b(?:step \d+|first|second|third|next|then)\b/gi),
  counted('questions', /\?/g),
  counted('equals-signs', /=/g),
  counted('operators', /[+*×÷/]|\s-\s/g),
  counted('fractions', /\b\d+\/\d+\b/g),
  counted('percentages', /%|\bpercent/gi),
  counted('quotes', /['"`]/g),
  { name: 'numbers', of: ({ reasoningNumbers }) => logOf(reasoningNumbers.length) },
  { name: 'distinct-numbers', of: ({ reasoningNumbers }) => logOf(new Set(reasoningNumbers).size) },
  { name: 'largest-number', of: ({ reasoningNumbers }) => logOf(largest(reasoningNumbers)) },
  { name: 'long-decimals', of: ({ reasoning }) => logOf(reasoning.match(/\d\.\d{3,}/g)?.length ?? 0) },
  {
    name: 'fractional-numbers',
    of: ({ reasoningNumbers }) =>
      share(reasoningNumbers.filter((n) => !Number.isInteger(n)).length, reasoningNumbers.length),
  },
  { name: 'prompt-numbers-used', of: (response) => promptNumbersUsed(response) },
  {
    name: 'prompt-words-used',
    of: ({ prompt, words }) => share(words.filter((word) => prompt.includes(word)).length, words.length),
  },
  { name: 'ends-in-the-middle', of: ({ reasoning }) => flag(/[\p{L},]$/u.test(reasoning.trim())) },
];

function counted(name: string, pattern: RegExp): Feature {
  return { name, of: ({ reasoning }) => logOf(reasoning.match(pattern)?.length ?? 0) };
}

function promptNumbersUsed({ promptNumbers, reasoningNumbers }: Dissected): number | null {
  const used = new Set(reasoningNumbers);
  return share(promptNumbers.filter((number) => used.has(number)).length, promptNumbers.length);
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
