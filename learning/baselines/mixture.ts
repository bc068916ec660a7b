import type { Point } from './outcomes.ts';

/** Each query goes to one of the models by chance. */
export interface Mixture {
  /** What it is expected to be right in, in [0, 1]. */
  readonly accuracy: number;
  /** At most two models, by their place in the list, with shares that sum to at most 1; the rest asks nobody. */
  readonly shares: readonly { readonly index: number; readonly share: number }[];
}

/**
 * The most accurate mixture of single models at a mean cost: a point of the upper convex hull of the models and of asking
 * nobody, which costs nothing and is never right. Above the cost of the most accurate model it is that model.
 * @param cost in the points' unit, at least 0.
 */
export function bestMixture(points: readonly Point[], cost: number): Mixture {
  const corners = upperHull(points);
  const dearer = corners.findIndex((corner) => corner.cost > cost);
  const after = corners[dearer];
  const before = dearer === -1 ? corners.at(-1) : corners[dearer - 1];
  if (before === undefined) return { accuracy: 0, shares: [] };
  const share = after === undefined ? 0 : (cost - before.cost) / (after.cost - before.cost);
  const parts = [
    { corner: before, share: 1 - share },
    ...(after === undefined ? [] : [{ corner: after, share }]),
  ];
  return {
    accuracy: parts.reduce((sum, part) => sum + part.share * part.corner.accuracy, 0),
    shares: parts.flatMap(({ corner, share: own }) =>
      corner.index === NOBODY || own === 0 ? [] : [{ index: corner.index, share: own }],
    ),
  };
}

const NOBODY = -1;

interface Corner extends Point {
  readonly index: number;
}

/** From nobody to the most accurate point, each step dearer and more accurate, and less so per unit of cost. */
function upperHull(points: readonly Point[]): Corner[] {
  const sorted = points
    .map(({ cost, accuracy }, index) => ({ cost, accuracy, index }))
    .sort((a, b) => a.cost - b.cost || b.accuracy - a.accuracy);
  const hull: Corner[] = [{ cost: 0, accuracy: 0, index: NOBODY }];
  for (const corner of sorted) {
    if (corner.accuracy <= (hull.at(-1)?.accuracy ?? 0)) continue;
    while (hull.length > 1 && slope(hull.at(-2), hull.at(-1)) <= slope(hull.at(-2), corner)) hull.pop();
    // A model that costs nothing stands where nobody does, and is better.
    if (corner.cost === 0) hull.length = 0;
    hull.push(corner);
  }
  return hull;
}

function slope(from: Point | undefined, to: Point | undefined): number {
  if (from === undefined || to === undefined) return Number.NaN;
  return (to.accuracy - from.accuracy) / (to.cost - from.cost);
}
