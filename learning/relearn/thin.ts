import { placeOf } from '../split.ts';

/** What was drawn with a known chance. */
export interface Drawn {
  readonly id: string;
  /** In (0, 1]. */
  readonly inclusion: number;
}

/**
 * Of draws with different chances those that would have been drawn with the smallest of them: one of chance p is kept with
 * probability p_min / p, by a hash of its id. So each stands for equally many queries, and means need no weights: tests that
 * are exact for equally likely draws stay so.
 */
export function thinned<Query extends Drawn>(draws: readonly Query[]): Query[] {
  const least = draws.reduce((smallest, { inclusion }) => Math.min(smallest, inclusion), 1);
  return draws.filter(({ id, inclusion }) => placeOf(id, 'thin') < least / inclusion);
}
