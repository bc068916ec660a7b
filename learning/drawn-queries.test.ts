import { expect, test } from 'vitest';
import type { RecordedSet } from '../recorded/read.ts';
import { madeSet } from '../test/support/made-set.ts';
import { comparable } from './dataset.ts';
import { drawnQueries } from './drawn-queries.ts';

const PAIR = { small: { usdPerMtok: 0.1, accuracy: 0.8 }, large: { usdPerMtok: 10, accuracy: 0.95 } };
const whole = madeSet(PAIR, { queries: 2000 });

/** A cascade's traffic: `large` has answered what was drawn, and what `small` was unsure of. */
function traffic(chanceOf: (at: number) => number | null): RecordedSet {
  const isHard = (id: string): boolean => whole.responses.get('small')!.get(id)!.text.includes('Perhaps');
  const queries = whole.queries.map((query, at) => {
    const chance = chanceOf(at);
    return chance === null ? query : { ...query, inclusion_probability: chance };
  });
  const large = [...whole.responses.get('large')!].filter(([id], at) => chanceOf(at) !== null || isHard(id));
  return { ...whole, queries, responses: new Map([...whole.responses, ['large', new Map(large)]]) };
}

test('of a cascade’s traffic only draws are learned from: what its dear model has answered else is hard', () => {
  const set = traffic((at) => (at % 5 === 0 ? 0.2 : null));
  expect(comparable(set).models).toEqual(['small']);
  const { set: drawn, leftOut } = drawnQueries(set);
  expect(comparable(drawn)).toMatchObject({ models: ['small', 'large'], leftOut: [] });
  expect(drawn.queries).toEqual(set.queries.filter((_, at) => at % 5 === 0));
  expect(leftOut).toEqual([
    { what: '1600 queries', why: expect.stringContaining('not drawn by chance') as string },
  ]);
});

test('denser draws are thinned, so that each stands for equally many', () => {
  const { set, leftOut } = drawnQueries(traffic((at) => (at < 200 ? 0.05 : 0.5)));
  const count = (chance: number): number =>
    set.queries.filter((query) => query.inclusion_probability === chance).length;
  expect(count(0.05)).toBe(200);
  // 1800 · 0.05 / 0.5 = 180, with a standard deviation below 13.
  expect(Math.abs(count(0.5) - 180)).toBeLessThan(45);
  expect(leftOut).toMatchObject([{ what: `${1800 - count(0.5)} queries` }]);
});

test('a draw without a label says nothing; a set without draws is whole', () => {
  const unlabelled = (model: string) =>
    new Map(
      [...whole.responses.get(model)!].map(([id, response], at) => {
        const { correct, ...rest } = response;
        return [id, at < 500 ? rest : { ...rest, correct: correct! }] as const;
      }),
    );
  const responses = new Map(Object.keys(PAIR).map((model) => [model, unlabelled(model)]));
  const { set, leftOut } = drawnQueries({ ...traffic(() => 0.2), responses });
  expect(set.queries).toHaveLength(1500);
  expect(leftOut).toEqual([{ what: '500 queries', why: 'were drawn by chance, and have no label' }]);
  expect(drawnQueries(whole)).toEqual({ set: whole, leftOut: [] });
});

test('where nothing is left to learn from, it is said of each model why', () => {
  const none = new Map([...whole.responses].map(([model, own]) => [model, new Map([...own].slice(0, 7))]));
  expect(() => comparable({ ...whole, responses: none })).toThrow(
    'nothing to learn from: no query has labelled responses of all models (small has 7 labelled responses to 2000 queries; large has 7 ',
  );
});
