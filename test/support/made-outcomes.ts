import type { PathOutcomes } from '../../learning/guarantee/outcomes.ts';
import { uniformOf } from '../../learning/random.ts';

/** Of 1,000 queries: how many only the policy has right, only the baseline has, and how many answers are accepted and wrong. */
export interface MadePoint {
  readonly better?: number;
  readonly worse?: number;
  /** Default: every answer, of which the wrong ones are wrong. */
  readonly accepted?: { readonly right: number; readonly wrong: number };
  /** Share of the baseline's cost. */
  readonly cost: number;
}

const QUERIES = 1000;
const BASELINE_WRONG = 100;

/**
 * A population whose losses are known to the query: the baseline, which is right for 900 of 1,000, then the given points.
 * Which queries are which is drawn anew for each point.
 */
export function madeOutcomes(points: readonly MadePoint[], seed = 1): PathOutcomes {
  const uniform = uniformOf(seed);
  const baselineRight = Array.from({ length: QUERIES }, (_, query) => query >= BASELINE_WRONG);
  const shuffled = (): number[] =>
    Array.from({ length: QUERIES }, (_, query) => ({ query, key: uniform() }))
      .sort((a, b) => a.key - b.key)
      .map(({ query }) => query);
  return {
    ids: baselineRight.map((_right, query) => `made-${query}`),
    baselineRight,
    points: [
      {
        ...{ parameter: null, right: baselineRight, accepted: baselineRight.map(() => true) },
        costUsd: baselineRight.map(() => 1),
      },
      ...points.map(({ better = 0, worse = 0, accepted, cost }, at) => {
        const order = shuffled();
        const right = [...baselineRight];
        for (const query of order.filter((of) => !baselineRight[of]).slice(0, better)) right[query] = true;
        for (const query of order.filter((of) => baselineRight[of]).slice(0, worse)) right[query] = false;
        const chosen = new Set(
          accepted === undefined
            ? order
            : [
                ...order.filter((query) => right[query]).slice(0, accepted.right),
                ...order.filter((query) => !right[query]).slice(0, accepted.wrong),
              ],
        );
        return {
          ...{ parameter: at + 1, right, accepted: right.map((_right, query) => chosen.has(query)) },
          costUsd: right.map(() => cost),
        };
      }),
    ],
  };
}

/** Another labelling of the same points: queries drawn with replacement. */
export function drawOutcomes({ baselineRight, points }: PathOutcomes, n: number, seed: number): PathOutcomes {
  const uniform = uniformOf(seed);
  const drawn = Array.from({ length: n }, () => Math.floor(uniform() * baselineRight.length));
  return {
    ids: drawn.map((_query, at) => `drawn-${seed}-${at}`),
    baselineRight: drawn.map((query) => baselineRight[query]!),
    points: points.map(({ parameter, right, accepted, costUsd }) => ({
      parameter,
      right: drawn.map((query) => right[query]!),
      accepted: drawn.map((query) => accepted[query]!),
      costUsd: drawn.map((query) => costUsd[query]!),
    })),
  };
}
