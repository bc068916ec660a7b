import type { Dissected } from './dissect.ts';

/**
 * A number that says something of how likely a response is to be right. A plain function of the query and the response, so
 * that it can be tested alone and is the same in learning and in serving. To add one, write it beside those it is like;
 * `features/index.ts` names the lists.
 */
export interface Feature {
  /** Unique, in kebab-case: weights are kept under it. A change of what it computes is a new name. */
  readonly name: string;
  /** Where it comes from, if it has to be bought; such features are held back by a penalty of their own. */
  readonly bought?: 'judge' | 'embedder';
  /** Any finite number; null where it does not apply, which then says nothing either way. */
  of(response: Dissected): number | null;
}

/** Counts and lengths say more by their order of magnitude. */
export function logOf(count: number): number {
  return Math.log1p(Math.max(0, count));
}

export function flag(condition: boolean): number {
  return condition ? 1 : 0;
}

/** A part of a whole, in [0, 1]; null of nothing. */
export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
