import { logOf, type Feature } from './feature.ts';

/** How hard the query looks before anything is answered. */
export const QUERY: readonly Feature[] = [
  { name: 'prompt-length', of: ({ prompt }) => logOf(prompt.length) },
  { name: 'prompt-number-count', of: ({ promptNumbers }) => logOf(promptNumbers.length) },
  {
    name: 'prompt-largest-number',
    of: ({ promptNumbers }) => logOf(promptNumbers.reduce((most, number) => Math.max(most, number), 0)),
  },
  { name: 'prompt-lines', of: ({ prompt }) => logOf(prompt.split('\n').length) },
  { name: 'prompt-questions', of: ({ prompt }) => logOf(prompt.split('?').length - 1) },
  { name: 'prompt-percentages', of: ({ prompt }) => logOf(prompt.match(/%|percent/gi)?.length ?? 0) },
  {
    name: 'prompt-fractions',
    of: ({ prompt }) =>
      logOf(prompt.match(/\b(?:half|third|quarter|twice|\d+\/\d+|times as)\b/gi)?.length ?? 0),
  },
  { name: 'prompt-indentation', of: ({ prompt }) => logOf(prompt.match(/^ {8,}/gm)?.length ?? 0) },
];
