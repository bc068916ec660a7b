import type { Terms } from './baselines/prompt-terms.ts';
import { uniformOf, type Uniform } from './random.ts';

/** Groups of texts that use the same words. */
export interface Clusters {
  /** Of each, the mean of its texts' vectors, brought to length 1, by number of the term. */
  readonly centroids: readonly Float64Array[];
  /** Of each text, the number of its cluster. */
  readonly placeOf: readonly number[];
}

/** Beginnings, of which the best is taken: k-means ends in a nearby optimum, not in the best. */
const STARTS = 3;
/** It has settled long before, as a rule. */
const MOST_ROUNDS = 30;

/**
 * k-means by the cosine (Dhillon & Modha 2001, doi:10.1023/A:1007612920971), begun as k-means++ (Arthur & Vassilvitskii 2007). The
 * same vectors and seed give the same clusters.
 * @param vectors of length 1, or 0 for a text without any term that another has.
 * @param size terms that there are. @param most clusters at most: one that runs empty is left out.
 */
export function clustersOf(vectors: readonly Terms[], size: number, most: number, seed: number): Clusters {
  const uniform = uniformOf(seed);
  let best: (Clusters & { readonly closeness: number }) | null = null;
  for (let start = 0; start < STARTS; start++) {
    let centroids = begin(vectors, size, most, uniform);
    let placeOf: number[] = [];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const next = vectors.map((vector) => nearest(centroids, vector));
      if (next.every((place, at) => place === placeOf[at])) break;
      placeOf = next;
      centroids = meansOf(vectors, placeOf, centroids.length, size);
    }
    const closeness = vectors.reduce((sum, vector, at) => sum + cosine(centroids[placeOf[at]!]!, vector), 0);
    if (best === null || closeness > best.closeness) best = { centroids, placeOf, closeness };
  }
  return best === null ? { centroids: [], placeOf: [] } : withoutEmpty(best);
}

/** The number of the cluster that a text is most like; the first where it is like none. */
export function nearest(centroids: readonly Float64Array[], vector: Terms): number {
  let [found, most] = [0, -1];
  for (const [at, centroid] of centroids.entries()) {
    const likeness = cosine(centroid, vector);
    if (likeness > most) [found, most] = [at, likeness];
  }
  return found;
}

/** Of a centroid, which has length 1, and a text's vector. */
export function cosine(centroid: Float64Array, { ids, weights }: Terms): number {
  let sum = 0;
  for (let i = 0; i < ids.length; i++) sum += centroid[ids[i]!]! * weights[i]!;
  return sum;
}

/** Texts far from those that were drawn before are likelier to be drawn next. */
function begin(vectors: readonly Terms[], size: number, most: number, uniform: Uniform): Float64Array[] {
  const centroids: Float64Array[] = [];
  const distance = vectors.map(() => 1);
  while (centroids.length < Math.min(most, vectors.length)) {
    let left = uniform() * distance.reduce((sum, far) => sum + far, 0);
    const drawn = distance.findIndex((far) => (left -= far) < 0);
    // All that is left is like what there is.
    if (drawn === -1) break;
    const centroid = meansOf(vectors.slice(drawn, drawn + 1), [0], 1, size)[0]!;
    centroids.push(centroid);
    for (const [at, vector] of vectors.entries())
      distance[at] = Math.min(distance[at]!, Math.max(0, 1 - cosine(centroid, vector)));
    distance[drawn] = 0;
  }
  return centroids;
}

function meansOf(
  vectors: readonly Terms[],
  placeOf: readonly number[],
  count: number,
  size: number,
): Float64Array[] {
  const sums = Array.from({ length: count }, () => new Float64Array(size));
  for (const [at, { ids, weights }] of vectors.entries()) {
    const sum = sums[placeOf[at]!]!;
    for (let i = 0; i < ids.length; i++) sum[ids[i]!]! += weights[i]!;
  }
  return sums.map((sum) => {
    const length = Math.sqrt(sum.reduce((total, value) => total + value ** 2, 0)) || 1;
    return sum.map((value) => value / length);
  });
}

function withoutEmpty({ centroids, placeOf }: Clusters): Clusters {
  const used = [...new Set(placeOf)].sort((a, b) => a - b);
  return {
    centroids: used.map((at) => centroids[at]!),
    placeOf: placeOf.map((place) => used.indexOf(place)),
  };
}
