import type { Dataset } from './dataset.ts';

/** How often equal answers have different labels: what the extractor takes for one answer is then not one. */
export interface LabelDisagreement {
  /** Pairs of responses to a query with the same extracted answer. */
  readonly pairs: number;
  readonly differing: number;
  readonly share: number;
}

/** Above it, votes are not what they seem: the normalisation folds too much, or labels are noisy. */
export const TOO_MUCH_DISAGREEMENT = 0.05;

export function labelDisagreement(data: Dataset, queries: readonly number[]): LabelDisagreement {
  let pairs = 0;
  let differing = 0;
  for (const query of queries) {
    for (const { right, wrong } of membersOf(data, query)) {
      pairs += pairsOf(right + wrong);
      differing += right * wrong;
    }
  }
  return { pairs, differing, share: pairs === 0 ? 0 : differing / pairs };
}

/** Of each candidate of a query, how many responses gave it, by their labels. */
export function membersOf(
  data: Dataset,
  query: number,
): Iterable<{ readonly right: number; readonly wrong: number }> {
  const counts = new Map<number, { right: number; wrong: number }>();
  for (const ofModel of data.responses) {
    const { candidate, correct } = ofModel[query]!;
    if (candidate < 0) continue;
    const count = counts.get(candidate) ?? { right: 0, wrong: 0 };
    count[correct === 1 ? 'right' : 'wrong']++;
    counts.set(candidate, count);
  }
  return counts.values();
}

/** How many pairs there are of so many. */
export function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}
