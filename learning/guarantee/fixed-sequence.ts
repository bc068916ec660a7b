/** Longer paths do not certify more: what counts is where the first point fails. */
export const LONGEST_PATH = 50;

export interface SequenceResult {
  /** The last point whose p-value is at most the level; null where the first one's is not. */
  readonly last: number | null;
  /** p-values of the points that were visited, in the order of the path: all but perhaps the last are at most the level. */
  readonly pValues: readonly number[];
}

/**
 * Goes along an ordered path and stops at the first hypothesis that is not rejected. The chance that any true one is
 * rejected is at most `level`: to reject one, the *first* true one must be rejected, and the order was fixed before the data
 * (fixed-sequence testing; Angelopoulos et al. 2021, arXiv:2110.01052, section 3). No loss needs to rise along the path.
 * @throws {RangeError} when there is no point, or more than {@link LONGEST_PATH}.
 */
export function fixedSequence(
  points: number,
  level: number,
  pValueOf: (point: number) => number,
): SequenceResult {
  if (points < 1 || points > LONGEST_PATH) {
    throw new RangeError(`the path has ${points} points: it must have 1 to ${LONGEST_PATH}`);
  }
  const pValues: number[] = [];
  for (let point = 0; point < points; point++) {
    const pValue = pValueOf(point);
    pValues.push(pValue);
    if (pValue > level) return { last: point === 0 ? null : point - 1, pValues };
  }
  return { last: points - 1, pValues };
}
