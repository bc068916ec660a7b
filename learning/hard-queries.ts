import { estimateShare, type Audited, type Estimate } from '../core/audit-estimate.ts';
import { countsOf } from '../core/counts.ts';
import { vocabularyOf, type Vocabulary } from './baselines/prompt-terms.ts';
import { clustersOf, cosine, nearest } from './clusters.ts';

/** What the first stage of a task did with a query. */
export interface StageOutcome {
  readonly prompt: string;
  /** Whether its answer was not trusted, or none: a later stage was called for the answer. */
  readonly escalated: boolean;
  /** Whether its answer was right; null where nobody knows. */
  readonly right: boolean | null;
  /** What it was held against: person, reference or caller (a label), or last-stage (an audit); null where nobody knows. */
  readonly judgedBy: string | null;
  /** The chance with which the query was audited; null where it was not. */
  readonly inclusion: number | null;
}

/** Queries of a task, or of one cluster of them. */
export interface GroupFigures {
  readonly queries: number;
  /** Those that the first stage had wrong, or was not trusted with. */
  readonly hard: number;
  readonly escalationRate: number;
  /** Of the first stage: over audits where there are any, each with its weight, else over labels. Null where nobody judged. */
  readonly accuracy: Estimate | null;
  /** Those that accuracy rests on, by what they were held against. */
  readonly judges: Readonly<Record<string, number>>;
}

export interface Cluster extends GroupFigures {
  /** What its prompts hold and others of the hard ones do not. */
  readonly terms: readonly string[];
  /** Prompts that are most like the rest of it. */
  readonly examples: readonly string[];
}

export interface Escalated {
  /** Whether the first stage ever served alone: with a scorer that compares answers it cannot, and only wrong answers are hard. */
  readonly trusted: boolean;
  /** All queries together. */
  readonly all: GroupFigures;
  /** Largest first. */
  readonly clusters: readonly Cluster[];
  /** Of each query, in the order given: the number of its cluster. */
  readonly placeOf: readonly number[];
  /** Of each query: whether the first stage failed on it. */
  readonly hard: readonly boolean[];
}

const TERMS = 8;
const EXAMPLES = 3;
/** Fewer hard queries to a cluster are anecdotes. */
const FEWEST_IN_A_CLUSTER = 10;

/**
 * Clusters the hard queries by the words of their prompts, and puts every other query to the cluster that it is most like, so that
 * a cluster has rates.
 * @param most clusters at most.
 */
export function grouped(queries: readonly StageOutcome[], most: number, seed: number): Escalated {
  const prompts = queries.map(({ prompt }) => prompt);
  const vocabulary = vocabularyOf(prompts);
  const vectors = prompts.map(vocabulary.termsOf);
  const trusted = queries.some(({ escalated }) => !escalated);
  const isHard = ({ escalated, right }: StageOutcome): boolean => right === false || (trusted && escalated);
  const hard = [...queries.keys()].filter((at) => isHard(queries[at]!));
  const count = Math.max(1, Math.min(most, Math.floor(hard.length / FEWEST_IN_A_CLUSTER)));
  const { centroids } = clustersOf(
    hard.map((at) => vectors[at]!),
    vocabulary.size,
    count,
    seed,
  );
  const drawn = queries.some(({ inclusion }) => inclusion !== null);
  const places = vectors.map((vector) => nearest(centroids, vector));
  const found = centroids.map((centroid, place) => {
    const own = [...queries.keys()].filter((at) => places[at] === place);
    const likest = hard
      .filter((at) => places[at] === place)
      .sort((a, b) => cosine(centroid, vectors[b]!) - cosine(centroid, vectors[a]!));
    const cluster: Cluster = {
      ...figuresOf(
        own.map((at) => queries[at]!),
        drawn,
        isHard,
      ),
      terms: termsOf(centroid, centroids, vocabulary),
      examples: [...new Set(likest.map((at) => prompts[at]!))].slice(0, EXAMPLES),
    };
    return { place, cluster };
  });
  found.sort((a, b) => b.cluster.hard - a.cluster.hard);
  return {
    trusted,
    all: figuresOf(queries, drawn, isHard),
    clusters: found.map(({ cluster }) => cluster),
    hard: queries.map(isHard),
    placeOf: places.map((place) => found.findIndex((one) => one.place === place)),
  };
}

function figuresOf(
  queries: readonly StageOutcome[],
  drawn: boolean,
  isHard: (query: StageOutcome) => boolean,
): GroupFigures {
  const judged = queries.flatMap(
    ({ right, judgedBy, inclusion }): (Audited<boolean> & { readonly judgedBy: string })[] =>
      right === null || judgedBy === null || (drawn && inclusion === null)
        ? []
        : [{ value: right, inclusion: drawn ? (inclusion ?? 1) : 1, judgedBy }],
  );
  return {
    queries: queries.length,
    hard: queries.filter(isHard).length,
    escalationRate: queries.filter(({ escalated }) => escalated).length / queries.length,
    accuracy: judged.length === 0 ? null : estimateShare(judged),
    judges: countsOf(judged.map(({ judgedBy }) => judgedBy)),
  };
}

/** Terms by how much more they weigh here than in the clusters together; of "password" and "reset password" the first that comes. */
function termsOf(centroid: Float64Array, all: readonly Float64Array[], { terms }: Vocabulary): string[] {
  const excess = centroid.map(
    (weight, term) => weight - all.reduce((sum, other) => sum + other[term]!, 0) / (all.length + 1),
  );
  const found: string[] = [];
  const order = [...terms.keys()].filter((at) => centroid[at]! > 0).sort((a, b) => excess[b]! - excess[a]!);
  for (const at of order) {
    const term = terms[at]!;
    const known = found.some(
      (other) => ` ${other} `.includes(` ${term} `) || ` ${term} `.includes(` ${other} `),
    );
    if (/^[\p{L}\p{N}_ ]+$/u.test(term) && !known) found.push(term);
    if (found.length === TERMS) break;
  }
  return found;
}
