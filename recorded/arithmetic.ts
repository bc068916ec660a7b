import { drawUnit } from './random.ts';

/** A word problem with its solution and the answers that common slips give, none of them right. */
export interface Problem {
  readonly question: string;
  readonly steps: readonly string[];
  readonly answer: number;
  readonly slips: readonly number[];
}

/** A whole number between two others, both included. */
type Draw = (name: string, low: number, high: number) => number;

type Template = (draw: Draw, name: string) => Problem;

const NAMES = ['Ada', 'Ben', 'Chloe', 'Deniz', 'Emil', 'Farah', 'Goran', 'Hana'];

const TEMPLATES: readonly Template[] = [
  (draw, name) => {
    const [boxes, each] = [draw('boxes', 3, 12), draw('each', 6, 24)];
    const given = draw('given', 2, boxes * each - 1);
    return problem(
      `${name} has ${boxes} boxes of ${each} pencils and gives ${given} pencils away. How many pencils are left?`,
      [`${boxes} * ${each} = ${boxes * each}.`, `${boxes * each} - ${given} = ${boxes * each - given}.`],
      boxes * each - given,
      [boxes * each, boxes + each + given, boxes * each + given],
    );
  },
  (draw, name) => {
    const [people, price, left] = [draw('people', 3, 9), draw('price', 7, 35), draw('left', 5, 60)];
    return problem(
      `${name} buys ${people} tickets at $${price} each and has $${left} left. How many dollars did ${name} have at first?`,
      [
        `${people} * ${price} = ${people * price}.`,
        `${people * price} + ${left} = ${people * price + left}.`,
      ],
      people * price + left,
      [people * price, people * price - left, price + left],
    );
  },
  (draw, name) => {
    const [pages, fewer] = [draw('pages', 12, 60), draw('fewer', 2, 11)];
    const [second, third] = [2 * pages, 2 * pages - fewer];
    return problem(
      `${name} reads ${pages} pages on Monday, twice as many on Tuesday, and on Wednesday ${fewer} fewer than on Tuesday. How many pages in all?`,
      [
        `2 * ${pages} = ${second}.`,
        `${second} - ${fewer} = ${third}.`,
        `${pages} + ${second} + ${third} = ${pages + second + third}.`,
      ],
      pages + second + third,
      [pages + second, second + third, pages + second + third + fewer],
    );
  },
  (draw, name) => {
    const [rows, plants] = [draw('rows', 4, 15), draw('plants', 5, 18)];
    const [more, extra] = [draw('more', 2, 6), draw('extra', 3, 9)];
    const [first, second] = [rows * plants, more * extra];
    return problem(
      `${name} has ${rows} rows of ${plants} plants and sets ${more} rows of ${extra} plants beside them. How many plants is that?`,
      [
        `${rows} * ${plants} = ${first}.`,
        `${more} * ${extra} = ${second}.`,
        `${first} + ${second} = ${first + second}.`,
      ],
      first + second,
      [first + extra, (rows + more) * plants, first],
    );
  },
  (draw, name) => {
    const [children, each, eaten] = [draw('children', 3, 9), draw('each', 4, 15), draw('eaten', 2, 14)];
    const all = children * each + eaten;
    return problem(
      `${name} picks ${all} apples and eats ${eaten}. ${children} children share the rest equally. How many apples does each child get?`,
      [`${all} - ${eaten} = ${all - eaten}.`, `${all - eaten} / ${children} = ${each}.`],
      each,
      [all - eaten, Math.round(all / children) + 1, each - 1],
    );
  },
];

/** The problem with this number, from 0. */
export function arithmeticProblem(seed: number, index: number): Problem {
  const draw: Draw = (name, low, high) =>
    low + Math.floor(drawUnit(seed, 'problem', index, name) * (high - low + 1));
  const template = TEMPLATES[index % TEMPLATES.length] as Template;
  return template(draw, NAMES[draw('name', 0, NAMES.length - 1)] ?? 'Ada');
}

/** Leaves out a slip that happens to give the right answer; being one off is always wrong. */
function problem(
  question: string,
  steps: readonly string[],
  answer: number,
  slips: readonly number[],
): Problem {
  return { question, steps, answer, slips: [...slips.filter((slip) => slip !== answer), answer + 1] };
}
