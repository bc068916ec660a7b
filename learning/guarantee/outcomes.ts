import type { CertifiedLoss } from '../../core/certificate.ts';

/**
 * What became of labelled queries at each point of a path of policies. The first point is "call only the baseline"; the
 * others are one policy with another parameter each, ordered before any certify label is read, from careful to cheap.
 */
export interface PathOutcomes {
  readonly ids: readonly string[];
  /** Of each query: whether the baseline's answer is right. */
  readonly baselineRight: readonly boolean[];
  readonly points: readonly PointOutcomes[];
}

export interface PointOutcomes {
  /** Of the stop rule; null at the first point. */
  readonly parameter: number | null;
  /** Of each query, as in `ids`: whether the served answer is right. */
  readonly right: readonly boolean[];
  /** Whether the answer is one that the policy vouches for: of a cascade, whether it ended before the last stage. At the first point all, or none. */
  readonly accepted: readonly boolean[];
  readonly costUsd: readonly number[];
}

/**
 * A query's loss in three values: 1 counts against the policy, −1 for it, 0 for neither.
 *
 * | loss      | 1                               | −1                              | 0                |
 * | --------- | ------------------------------- | ------------------------------- | ---------------- |
 * | regret    | only the baseline is right      | only the policy is right        | both or neither  |
 * | harm      | only the baseline is right      | never                           | else             |
 * | selective | accepted and wrong              | accepted and right              | not accepted     |
 */
export type Mark = -1 | 0 | 1;

/** How many queries have which mark. */
export interface Tally {
  readonly good: number;
  readonly neutral: number;
  readonly bad: number;
}

/** Of each point, the mark of each query. */
export function marksOf(loss: CertifiedLoss, outcomes: PathOutcomes): Int8Array[] {
  return outcomes.points.map((point) =>
    Int8Array.from(outcomes.ids, (_id, query) => markOf(loss, outcomes, point, query)),
  );
}

function markOf(
  loss: CertifiedLoss,
  { baselineRight }: PathOutcomes,
  point: PointOutcomes,
  query: number,
): Mark {
  const right = point.right[query] === true;
  if (loss === 'selective') return point.accepted[query] !== true ? 0 : right ? -1 : 1;
  if (right === baselineRight[query]) return 0;
  if (!right) return 1;
  return loss === 'regret' ? -1 : 0;
}

export function tallyOf(marks: Int8Array): Tally {
  let [good, bad] = [0, 0];
  for (const mark of marks) {
    if (mark < 0) good++;
    else if (mark > 0) bad++;
  }
  return { good, neutral: marks.length - good - bad, bad };
}

/** The mean loss of a sample: of `selective`, the share of errors among the accepted, 0 where none is. */
export function meanLoss(loss: CertifiedLoss, { good, neutral, bad }: Tally): number {
  const counted = loss === 'selective' ? good + bad : good + neutral + bad;
  if (counted === 0) return 0;
  return (loss === 'regret' ? bad - good : bad) / counted;
}

/** Of each point, the mean cost in USD per query; NaN without queries. */
export function meanCosts({ points }: PathOutcomes): number[] {
  return points.map(({ costUsd }) => costUsd.reduce((sum, cost) => sum + cost, 0) / costUsd.length);
}
