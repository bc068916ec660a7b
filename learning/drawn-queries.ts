import type { RecordedSet } from '../recorded/read.ts';
import type { LeftOut } from './left-out.ts';
import { thinned } from './relearn/thin.ts';

export interface DrawnQueries {
  readonly set: RecordedSet;
  readonly leftOut: readonly LeftOut[];
}

/**
 * The part of a set that stands for the traffic it is from. Where any query was drawn by chance (`inclusion_probability`), those
 * that were not are there for what they are: of a cascade's traffic a dear model has answered the hard ones. So only labelled
 * draws are kept, as many of each chance as if all had been drawn with the smallest: each then stands for equally many, and means
 * need no weights. A set without draws is taken as it is.
 */
export function drawnQueries(set: RecordedSet): DrawnQueries {
  const draws = set.queries.flatMap((query) => {
    const { id, inclusion_probability: inclusion } = query;
    return inclusion === undefined ? [] : [{ id, inclusion, query }];
  });
  if (draws.length === 0) return { set, leftOut: [] };
  const labels = [...set.responses.values()];
  const labelled = draws.filter(({ id }) => labels.some((own) => own.get(id)?.correct !== undefined));
  const kept = thinned(labelled);
  const leftOut = (count: number, why: string): LeftOut[] =>
    count === 0 ? [] : [{ what: `${count} queries`, why }];
  return {
    set: { ...set, queries: kept.map(({ query }) => query) },
    leftOut: [
      ...leftOut(
        set.queries.length - draws.length,
        'were not drawn by chance (`inclusion_probability`), as others of the set were',
      ),
      ...leftOut(draws.length - labelled.length, 'were drawn by chance, and have no label'),
      ...leftOut(
        labelled.length - kept.length,
        'were drawn with a greater chance than others: they are thinned, so that each stands for equally many',
      ),
    ],
  };
}
