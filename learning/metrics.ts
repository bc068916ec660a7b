/**
 * Area under the ROC curve: P(a right response scores above a wrong one), ties counting half (Mann and Whitney 1947).
 * Null where all are right or all wrong.
 */
export function auroc(scores: readonly number[], right: readonly number[]): number | null {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!);
  const positives = right.filter((label) => label === 1).length;
  const negatives = right.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let rankSum = 0;
  for (let at = 0; at < order.length;) {
    let end = at;
    while (end < order.length && scores[order[end]!] === scores[order[at]!]) end++;
    const rank = (at + 1 + end) / 2;
    for (let i = at; i < end; i++) if (right[order[i]!] === 1) rankSum += rank;
    at = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  readonly count: number;
  /** Means, in [0, 1]. */
  readonly confidence: number;
  readonly accuracy: number;
}

/** Bins of equally many responses, by rising confidence. */
export function reliability(
  confidences: readonly number[],
  right: readonly number[],
  bins = 10,
): ReliabilityBin[] {
  const order = [...confidences.keys()].sort((a, b) => confidences[a]! - confidences[b]! || a - b);
  return Array.from({ length: bins }, (_, bin) => {
    const members = order.slice(
      Math.floor((bin * order.length) / bins),
      Math.floor(((bin + 1) * order.length) / bins),
    );
    const mean = (values: readonly number[]): number =>
      members.reduce((sum, member) => sum + values[member]!, 0) / Math.max(1, members.length);
    return { count: members.length, confidence: mean(confidences), accuracy: mean(right) };
  }).filter(({ count }) => count > 0);
}

/** Expected calibration error: the mean distance of confidence and accuracy over {@link reliability}'s bins, by their sizes. */
export function calibrationError(
  confidences: readonly number[],
  right: readonly number[],
  bins = 10,
): number {
  const all = reliability(confidences, right, bins);
  const total = all.reduce((sum, { count }) => sum + count, 0);
  return (
    all.reduce((sum, { count, confidence, accuracy }) => sum + count * Math.abs(confidence - accuracy), 0) /
    Math.max(1, total)
  );
}
