/** What a certificate bounds. Each is a mean over queries. */
export type CertifiedLoss =
  /** right(baseline) − right(policy), in {−1, 0, 1}: accuracy given away. */
  | 'regret'
  /** P(baseline right and policy wrong): bounds the regret from above. */
  | 'harm'
  /** Share of errors among the answers accepted before the last stage: what the last stage answers is vouched for by nobody. */
  | 'selective';

/**
 * The statistical statement that a policy was accepted with (learn then test; Angelopoulos, Bates, Candès, Jordan, Lei
 * 2021, arXiv:2110.01052): with probability of at least 1 − `delta` over the draw of the certify sample, the mean loss of
 * this frozen policy on queries exchangeable with that sample is at most `alpha`. On average: not per query, slice or day. Nor is
 * it of queries that a limit on cost or time ends before the policy would: none was there when it was made.
 */
export interface Certificate {
  readonly loss: CertifiedLoss;
  /** The bound, in (0, 1). */
  readonly alpha: number;
  /** In (0, 1); at most what the first test of these labels was made for, which bounds the chance that any of their statements is wrong. This one was tested at δ / 2^use. */
  readonly delta: number;
  /** The model that `regret` and `harm` are held against; null for `selective`. */
  readonly baseline: string | null;
  /** Labelled queries that were tested on. */
  readonly n: number;
  /** Which test of this split it was, from 1. */
  readonly use: number;
  /** Place on the frozen path of parameters, from 0, which is "call only the baseline". */
  readonly pathIndex: number;
  readonly pathLength: number;
  /** p-value of the accepted point, at most δ / 2^use. */
  readonly pValue: number;
  readonly splitSha256: string;
  readonly scorerSha256: string;
  /** Of the frozen test: the claim, what decides, the parameters, and how common losses were on the selection data. */
  readonly pathSha256: string;
}

/** What the certificate says, and no more, for people: wherever the policy is shown, this is. */
export function certificateText({ loss, alpha, delta, baseline, n, use }: Certificate): string {
  const what = {
    regret: `the mean loss of accuracy of this frozen policy against ${baseline ?? 'the baseline'}`,
    harm: `the share of queries that ${baseline ?? 'the baseline'} has right and this frozen policy has wrong`,
    selective: 'the share of errors among the answers that this frozen policy accepts before the last stage',
  }[loss];
  const earlier = use === 1 ? '' : ` It is test ${use} with these labels, and pays for the ones before.`;
  return (
    `With a probability of at least ${percent(1 - delta)} over the draw of the ${n} certify queries, ${what}, on queries ` +
    `exchangeable with them that no limit ends, is at most ${percent(alpha)}: on average, not per query, slice or day.${earlier}`
  );
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(6))}%`;
}
