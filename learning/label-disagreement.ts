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
    const counts = new Map<number, { right: number; wrong: number }>();
    for (const ofModel of data.responses) {
      const { candidate, correct } = ofModel[query]!;
      if (candidate < 0) continue;
      const count = counts.get(candidate) ?? { right: 0, wrong: 0 };
      count[correct === 1 ? 'right' : 'wrong']++;
      counts.set(candidate, count);
    }
    for (const { right, wrong } of counts.values()) {
      const members = right + wrong;
      pairs += (members * (members - 1)) / 2;
      differing += right * wrong;
    }
  }
  return { pairs, differing, share: pairs === 0 ? 0 : differing / pairs };
}
