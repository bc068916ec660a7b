import type { Feature } from './feature.ts';
import { logOf, share } from './feature.ts';

/** Calculations in the text, done again. */
export const ARITHMETIC: readonly Feature[] = [
  { name: 'calculations', of: ({ reasoning }) => logOf(calculationsIn(reasoning).length) },
  {
    name: 'calculations-right',
    of: ({ reasoning }) => {
      const done = calculationsIn(reasoning);
      return share(done.filter(isRight).length, done.length);
    },
  },
  {
    name: 'calculations-wrong',
    of: ({ reasoning }) => logOf(calculationsIn(reasoning).filter((one) => !isRight(one)).length),
  },
];

/** `terms` joined by `operators` (+ - * /), and what the text says they come to. */
export interface Calculation {
  readonly terms: readonly number[];
  readonly operators: readonly string[];
  readonly claimed: number;
  /** Decimals of the claim: it may have been rounded to them. */
  readonly decimals: number;
}

const NUMBER = String.raw`[$€£]?\d+(?:,\d{3})*(?:\.\d+)?%?`;
const OPERATOR = '[-+*/x×÷]';
/** A longer chain is none that a person would check; without a limit a long one is gone through from each of its terms. */
const MOST_OPERATORS = 30;
/** Neither of a calculation's ends may be in the middle of a longer one, or of a number. */
const BEGINS = String.raw`(?<![\d.)*/+x×÷-]\s?[$€£]?|\d,)`;
const ENDS = String.raw`(?![\d%]|\.\d|,\d{3}|\s*${OPERATOR}\s*[$€£]?\d)`;
const CALCULATION = new RegExp(
  String.raw`${BEGINS}(${NUMBER}(?:\s*${OPERATOR}\s*${NUMBER}){1,${MOST_OPERATORS}})\s*=\s*(${NUMBER})${ENDS}`,
  'g',
);

/** Sums and products without brackets, such as `3 * $4.50 + 2 = $15.50`. */
export function calculationsIn(text: string): Calculation[] {
  return Array.from(text.matchAll(CALCULATION), ([, left = '', right = '']) => ({
    terms: Array.from(left.matchAll(new RegExp(NUMBER, 'g')), ([term]) => valueOf(term)),
    operators: left
      .replace(new RegExp(NUMBER, 'g'), '')
      .split('')
      .filter((char) => char.trim() !== '')
      .map((char) => (char === 'x' || char === '×' ? '*' : char === '÷' ? '/' : char)),
    claimed: valueOf(right),
    decimals: /\.(\d+)/.exec(right)?.[1]?.length ?? 0,
  }));
}

/** Whether the claim holds, rounded as it is written; a per cent sign on either side may stand for a hundredth. */
export function isRight({ terms, operators, claimed, decimals }: Calculation): boolean {
  const value = evaluate(terms, operators);
  const tolerance = 0.5001 * 10 ** -decimals;
  return [value, value / 100, value * 100].some((candidate) => Math.abs(candidate - claimed) <= tolerance);
}

function evaluate(terms: readonly number[], operators: readonly string[]): number {
  let sum = 0;
  let product = terms[0] ?? Number.NaN;
  for (const [at, operator] of operators.entries()) {
    const term = terms[at + 1] ?? Number.NaN;
    if (operator === '*') product *= term;
    else if (operator === '/') product /= term;
    else {
      sum += product;
      product = operator === '-' ? -term : term;
    }
  }
  return sum + product;
}

function valueOf(number: string): number {
  return Number(number.replace(/[$€£,%]/g, ''));
}
