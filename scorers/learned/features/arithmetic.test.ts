import { describe, expect, test } from 'vitest';
import { calculationsIn, isRight } from './arithmetic.ts';

/** What is found in a text: `terms and operators = claimed`, with ! where it is wrong. */
function found(text: string): string[] {
  return calculationsIn(text).map((one) => {
    const left = one.terms.map((term, at) => `${term}${one.operators[at] ?? ''}`).join('');
    return `${left}=${one.claimed}${isRight(one) ? '' : '!'}`;
  });
}

describe('calculations in a text', () => {
  test.each<[string, string[]]>([
    ['no sum here', []],
    ['3 + 4 = 7', ['3+4=7']],
    ['3 + 4 = 8', ['3+4=8!']],
    // Products before sums, from left to right.
    ['so 3 * $4.50 + 2 = $15.50', ['3*4.5+2=15.5']],
    ['2 + 3 * 4 = 20', ['2+3*4=20!']],
    ['10 - 4 - 3 = 3', ['10-4-3=3']],
    ['24 / 4 / 3 = 2', ['24/4/3=2']],
    ['2 x 3 × 4 ÷ 6 = 4', ['2*3*4/6=4']],
    ['1,200 + 1,300.5 = 2,500.5', ['1200+1300.5=2500.5']],
    // Rounded as it is written.
    ['10 / 3 = 3.33', ['10/3=3.33']],
    ['10 / 3 = 3.34', ['10/3=3.34!']],
    ['10 / 4 = 3', ['10/4=3']],
    ['10 / 3 = 4', ['10/3=4!']],
    // A per cent sign on either side may stand for a hundredth.
    ['20% * 50 = 10', ['20*50=10']],
    ['1 / 4 = 25%', ['1/4=25']],
    ['1 / 4 = 26%', ['1/4=26!']],
    ['5 / 0 = 5', ['5/0=5!']],
    ['€3+£4=€7 and 1+1=3', ['3+4=7', '1+1=3!']],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  test.each([
    // The end of a longer one, whose beginning cannot be read.
    '(1 + 2) + 3 = 6',
    '(1 + 2) + $3 + 4 = 10',
    '(1 + 2) * 1,234 + 4 = 3706',
    // What follows belongs to the right-hand side: part of a number is no claim.
    '3 + 4 = 12 - 5',
    '3 + 4 = 3.5 * 2',
    '3 + 4 = 700% / 100',
    '1000 + 234 = 1,234 * 1',
    '2 + 3 * $4 = 2 + $12',
  ])('%s says nothing that can be checked', (text) => {
    expect(found(text)).toEqual([]);
  });
});
