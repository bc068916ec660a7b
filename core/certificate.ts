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

/** A certificate as one sentence for people, with all that the statement rests on. */
export function describeCertificate(certificate: Certificate): string {
  const { alpha, delta, n, use, pathIndex, pathLength } = certificate;
  return (
    `${LOSSES[certificate.loss](certificate.baseline)} at most ${percent(alpha)} ` +
    `with ${percent(1 - delta)} confidence, on average over queries like the ${n} that it was tested on ` +
    `(point ${pathIndex + 1} of ${pathLength}, test ${use} of its split), not for each query, slice or day`
  );
}

const LOSSES: Readonly<Record<CertifiedLoss, (baseline: string | null) => string>> = {
  regret: (baseline) => `accuracy given away against ${baseline ?? 'the baseline'} is`,
  harm: (baseline) =>
    `the share of queries that ${baseline ?? 'the baseline'} has right and this has wrong is`,
  selective: () => 'the share of errors among accepted answers is',
};

/** Cut to what is needed: δ after many uses is tiny, and 99.98% must not read 100%. */
function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}
