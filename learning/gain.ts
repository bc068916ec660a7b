import type { GainCurve } from '../core/stop-rule.ts';

const BINS = 20;

/**
 * What calling the next stage adds to P(right), by the best candidate's confidence before it: the mean of (confidence
 * afterwards − before) in bins of equally many queries, made to fall with confidence by isotonic regression (pool adjacent
 * violators; Barlow, Bartholomew, Bremner, Brunk 1972) and never below zero; nothing can be gained at certainty.
 * Calibrated confidences stand in for labels, which vary far more.
 * @param order positions of the queries by rising `before`; of those that may stop here, since the others go on anyway.
 */
export function gainCurve(before: Float64Array, after: Float64Array, order: Int32Array): GainCurve {
  const blocks: { confidence: number; gain: number; count: number }[] = [];
  for (let bin = 0; bin < BINS; bin++) {
    const members = order.subarray(
      Math.floor((bin * order.length) / BINS),
      Math.floor(((bin + 1) * order.length) / BINS),
    );
    if (members.length === 0) continue;
    let confidence = 0;
    let gain = 0;
    for (const at of members) {
      confidence += before[at]!;
      gain += after[at]! - before[at]!;
    }
    blocks.push({ confidence, gain, count: members.length });
    for (;;) {
      const last = blocks.at(-1)!;
      const previous = blocks.at(-2);
      if (previous === undefined || last.gain / last.count <= previous.gain / previous.count) break;
      blocks.pop();
      previous.confidence += last.confidence;
      previous.gain += last.gain;
      previous.count += last.count;
    }
  }
  return {
    confidence: [...blocks.map(({ confidence, count }) => confidence / count), 1],
    gain: [...blocks.map(({ gain, count }) => Math.max(0, gain / count)), 0],
  };
}
