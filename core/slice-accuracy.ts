import { estimateShare, type Audited, type Estimate } from './audit-estimate.ts';

/** With fewer labels a slice's share says little, and its place among the others nothing. */
const FEWEST_LABELS = 50;

/** A slice of a task's queries, such as those with a tag of the caller's, and whether its judged answers were right. */
export interface Slice {
  readonly slice: string;
  readonly answers: readonly Audited<boolean>[];
}

export interface SliceAccuracy {
  readonly slice: string;
  readonly labels: number;
  /** Null where there are fewer than {@link FEWEST_LABELS} labels. */
  readonly accuracy: Estimate | null;
}

export interface SliceReport {
  /** In the order given. */
  readonly slices: readonly SliceAccuracy[];
  /** Of those with enough labels, the one with the lowest accuracy; null where none has. */
  readonly worst: string | null;
}

/**
 * Accuracy of each slice, with intervals that hold all at once with probability of at least 1 − δ: each is made at δ over the
 * number of slices (Bonferroni), so that looking for the worst of many does not find one by chance. Which slices have enough
 * labels, and so how many there are, does not depend on what the labels say.
 * @param delta chance that any interval is wrong, in (0, 1).
 */
export function sliceAccuracies(slices: readonly Slice[], delta = 0.05): SliceReport {
  const enough = slices.filter(({ answers }) => answers.length >= FEWEST_LABELS);
  const found = slices.map(({ slice, answers }): SliceAccuracy => {
    const accuracy = answers.length < FEWEST_LABELS ? null : estimateShare(answers, delta / enough.length);
    return { slice, labels: answers.length, accuracy };
  });
  let worst: { readonly slice: string; readonly estimate: number } | null = null;
  for (const { slice, accuracy } of found) {
    if (accuracy !== null && (worst === null || accuracy.estimate < worst.estimate)) {
      worst = { slice, estimate: accuracy.estimate };
    }
  }
  return { slices: found, worst: worst?.slice ?? null };
}
