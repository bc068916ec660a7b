import type { Dissected } from './dissect.ts';
import { flag, logOf, share, type Feature } from './feature.ts';

/** What the answer looks like, and where else it stands. */
export const ANSWER_FORM: readonly Feature[] = [
  { name: 'answer-length', of: withAnswer(({ answer }) => logOf(answer.length)) },
  { name: 'answer-words', of: withAnswer(({ rawAnswer }) => logOf(rawAnswer.trim().split(/\s+/).length)) },
  {
    name: 'answer-digits',
    of: withAnswer(({ answer }) => share(answer.match(/\d/g)?.length ?? 0, answer.length)),
  },
  { name: 'answer-is-number', of: withAnswer(({ answer }) => flag(numberOf(answer) !== null)) },
  { name: 'answer-is-whole', of: withNumber((value) => flag(Number.isInteger(value))) },
  {
    name: 'answer-decimals',
    of: withAnswer(({ answer }) => /^-?\d+\.(\d+)$/.exec(answer)?.[1]?.length ?? 0),
  },
  { name: 'answer-magnitude', of: withNumber((value) => logOf(Math.abs(value))) },
  { name: 'answer-not-positive', of: withNumber((value) => flag(value <= 0)) },
  { name: 'answer-round', of: withNumber((value) => flag(value !== 0 && value % 10 === 0)) },
  { name: 'answer-with-unit', of: withAnswer(({ rawAnswer }) => flag(/[a-z]{2}/i.test(rawAnswer))) },
  { name: 'answer-with-symbol', of: withAnswer(({ rawAnswer }) => flag(/[$€£%:/]/.test(rawAnswer))) },
  { name: 'answer-quoted', of: withAnswer(({ rawAnswer }) => flag(/^\s*["'`]/.test(rawAnswer))) },
  { name: 'answer-in-brackets', of: withAnswer(({ rawAnswer }) => flag(/^\s*[[({]/.test(rawAnswer))) },
  {
    name: 'answer-boolean',
    of: withAnswer(({ answer }) => flag(/^(?:true|false|yes|no|none|null)$/i.test(answer))),
  },
  {
    name: 'answer-empty-literal',
    of: withAnswer(({ rawAnswer }) => flag(['', '[]', '{}', '()', "''", '""'].includes(rawAnswer.trim()))),
  },
  { name: 'answer-commas', of: withAnswer(({ rawAnswer }) => logOf(rawAnswer.split(',').length - 1)) },
  { name: 'answer-backslashes', of: withAnswer(({ rawAnswer }) => logOf(rawAnswer.split('\\').length - 1)) },
  { name: 'answer-inner-spaces', of: withAnswer(({ rawAnswer }) => flag(/\S\s{2,}\S/.test(rawAnswer))) },
  { name: 'answer-repeats', of: withAnswer(({ rawAnswer }) => flag(/(.)\1\1/.test(rawAnswer))) },
  { name: 'answer-in-prompt', of: withAnswer(({ answer, prompt }) => flag(mentions(prompt, answer))) },
  {
    name: 'answer-in-reasoning',
    of: withAnswer(({ rawAnswer, reasoning }) => flag(reasoning.includes(rawAnswer.trim()))),
  },
  {
    name: 'answer-mentions',
    of: withAnswer(({ rawAnswer, reasoning }) => logOf(reasoning.split(rawAnswer.trim() || ' ').length - 1)),
  },
  {
    name: 'answer-is-last-number',
    of: withNumber((value, { reasoningNumbers }) =>
      reasoningNumbers.length === 0 ? null : flag(reasoningNumbers.at(-1) === Math.abs(value)),
    ),
  },
  {
    name: 'answer-among-last-numbers',
    of: withNumber((value, { reasoningNumbers }) =>
      reasoningNumbers.length === 0 ? null : flag(reasoningNumbers.slice(-4).includes(Math.abs(value))),
    ),
  },
  {
    name: 'answer-at-end',
    of: withAnswer(({ rawAnswer, reasoning }) => {
      const at = reasoning.lastIndexOf(rawAnswer.trim());
      return at < 0 ? null : logOf(reasoning.length - at);
    }),
  },
];

interface Answered extends Dissected {
  readonly answer: string;
  readonly rawAnswer: string;
}

function withAnswer(of: (response: Answered) => number | null): Feature['of'] {
  return (response) => {
    const { answer, rawAnswer } = response;
    return answer === null || rawAnswer === null ? null : of({ ...response, answer, rawAnswer });
  };
}

function withNumber(of: (value: number, response: Answered) => number | null): Feature['of'] {
  return withAnswer((response) => {
    const value = numberOf(response.answer);
    return value === null ? null : of(value, response);
  });
}

function numberOf(answer: string): number | null {
  return /^-?\d+(?:\.\d+)?$/.test(answer) ? Number(answer) : null;
}

/** As a whole word or number, so that 8 is not found in 18. */
function mentions(text: string, answer: string): boolean {
  for (let at = text.indexOf(answer); at >= 0; at = text.indexOf(answer, at + 1)) {
    const edge = /[\p{L}\p{N}]/u;
    if (!edge.test(text[at - 1] ?? '') && !edge.test(text[at + answer.length] ?? '')) return true;
  }
  return false;
}
