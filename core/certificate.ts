/** What a certificate bounds. Each is a mean over queries. */
export type CertifiedLoss =
  /** right(baseline) − right(policy), in {−1, 0, 1}: accuracy given away. */
  | 'regret'
  /** P(baseline right and policy wrong): bounds the regret from above. */
  | 'harm'
  /** Share of errors among the accepted answers. */
  | 'selective';

/**
 * The statistical statement that a policy was accepted with (learn then test; Angelopoulos, Bates, Candès, Jordan, Lei
 * 2021, arXiv:2110.01052): with probability of at least 1 − `delta` over the draw of the certify sample, the mean loss of
 * this frozen policy on queries exchangeable with that sample is at most `alpha`. On average: not per query, slice or day.
 */
export interface Certificate {
  readonly loss: CertifiedLoss;
  /** The bound, in (0, 1). */
  readonly alpha: number;
  /** Chance that the statement is wrong, in (0, 1), after the split's earlier uses have been paid for. */
  readonly delta: number;
  /** The model that `regret` and `harm` are held against; null for `selective`. */
  readonly baseline: string | null;
  /** Labelled queries that were tested on. */
  readonly n: number;
  /** Which test of this split it was, from 1: the k-th was made at the stated δ / 2^k. */
  readonly use: number;
  /** Place on the frozen path of parameters, from 0, which is "call only the baseline". */
  readonly pathIndex: number;
  readonly pathLength: number;
  /** p-value of the accepted point. */
  readonly pValue: number;
  readonly splitSha256: string;
  readonly scorerSha256: string;
  readonly pathSha256: string;
}
