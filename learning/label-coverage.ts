import type { RecordedQuery } from '../recorded/format.ts';
import type { RecordedSet } from '../recorded/read.ts';

/** Of how many queries a model's answer is known to be right or wrong. */
export interface ModelCoverage {
  readonly model: string;
  readonly responses: number;
  readonly labelled: number;
  /** {@link LabelCoverage} says what that is. */
  readonly effective: number;
  /** Labelled responses as a share of all queries. */
  readonly share: number;
}

/**
 * Which labels a set has. In production traffic a dear model answers mostly the queries that cheaper ones were unsure of, so
 * its labels are of hard queries, and comparing its accuracy with theirs would mislead. A query that was drawn by chance
 * (`inclusion_probability`) stands for others. So where any was drawn, only those count as effective: (Σw)² / Σw² with w = 1 /
 * inclusion_probability (Kish 1965), the number of equally likely draws that would say as much. Where none was, every
 * labelled query counts as one.
 */
export interface LabelCoverage {
  readonly queries: number;
  /** Queries that were drawn by chance. */
  readonly drawn: number;
  /** In the set's order. */
  readonly models: readonly ModelCoverage[];
  /** Queries with a labelled response of every model. */
  readonly complete: { readonly queries: number; readonly effective: number };
}

export function labelCoverage(set: RecordedSet): LabelCoverage {
  const drawn = set.queries.filter(({ inclusion_probability }) => inclusion_probability !== undefined);
  const effective = (queries: readonly RecordedQuery[]): number => {
    const weights = queries.flatMap(({ inclusion_probability: chance }) =>
      drawn.length === 0 ? [1] : chance === undefined ? [] : [1 / chance],
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const squares = weights.reduce((total, weight) => total + weight ** 2, 0);
    return squares === 0 ? 0 : sum ** 2 / squares;
  };
  const labelledBy = (model: string) => (query: RecordedQuery) =>
    set.responses.get(model)?.get(query.id)?.correct !== undefined;
  const models = Object.keys(set.models);
  const complete = set.queries.filter((query) => models.every((model) => labelledBy(model)(query)));
  return {
    queries: set.queries.length,
    drawn: drawn.length,
    models: models.map((model) => {
      const labelled = set.queries.filter(labelledBy(model));
      return {
        model,
        responses: set.responses.get(model)?.size ?? 0,
        labelled: labelled.length,
        effective: effective(labelled),
        share: set.queries.length === 0 ? 0 : labelled.length / set.queries.length,
      };
    }),
    complete: { queries: complete.length, effective: effective(complete) },
  };
}

/** With fewer, the accuracy of a model that is right in 95% is known to no better than two and a half points. */
const LEAST_EFFECTIVE_LABELS = 300;

/** Why a set has too few labels to learn from, and what to do about it; null where it has enough. */
export function tooFewLabels(
  coverage: LabelCoverage,
  needed: number = LEAST_EFFECTIVE_LABELS,
): string | null {
  const { complete, models, queries } = coverage;
  if (complete.effective >= needed) return null;
  const each = models.map(({ model, labelled }) => `${model} ${labelled}`).join(', ');
  return (
    `too few labels: ${Math.floor(complete.effective)} effective queries have a labelled response of every model, and ${needed} are needed ` +
    `(of ${queries} queries; labelled responses: ${each || 'none'}). Dear models' answers exist mostly for hard queries: ` +
    'audit a share of the traffic, or record a set with "escalier record", and label the answers'
  );
}
