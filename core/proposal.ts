import type { LearnedPolicy } from './learned-policy.ts';

/** What became of a policy that was learned anew. `refused`: it did not hold, or there was too little to learn from. */
export type ProposalDecision = 'proposed' | 'promoted' | 'refused';

/** What a proposal says, and what it rests on. */
export interface ProposalContent {
  readonly task: string;
  /** SHA-256 of the evidence that it was made from: the same evidence makes no second one. */
  readonly inputSha256: string;
  /** The version that served, which it was held against. */
  readonly currentVersion: number;
  readonly decision: Exclude<ProposalDecision, 'promoted'>;
  /** Why, in a sentence with the figures. */
  readonly reason: string;
  readonly evidence: ProposalEvidence;
  /** Null where nothing was learned. */
  readonly policy: LearnedPolicy | null;
}

/** As the ledger keeps it. */
export interface Proposal extends Omit<ProposalContent, 'decision'> {
  readonly proposalId: string;
  readonly createdAt: Date;
  readonly decision: ProposalDecision;
  /** The version that it became; null where it was not promoted. */
  readonly promotedVersion: number | null;
}

export interface ProposalEvidence {
  readonly traffic: AuditedTraffic;
  /** Null where nothing was compared. */
  readonly heldOut: HeldOutComparison | null;
}

/** The audits that were learned from and compared on. */
export interface AuditedTraffic {
  /** Ended audits of the window, with their texts. */
  readonly audited: number;
  /** Those that are known to be right or wrong for every model of the chain. */
  readonly judged: number;
  /** Those that remain when denser slices are thinned, so that each stands for equally many queries. */
  readonly used: number;
  /** Of those used, by what their answers were held against: person, reference, caller, or last-stage. */
  readonly judges: Readonly<Record<string, number>>;
}

/** A learned policy beside the current one, on queries that learning has not read. Shares in [0, 1], costs in USD per query. */
export interface HeldOutComparison {
  readonly queries: number;
  readonly learnedFrom: number;
  readonly judges: Readonly<Record<string, number>>;
  readonly current: PolicyOutcome;
  readonly learned: PolicyOutcome;
  /** Learned minus current, paired, with 95% by the normal approximation. */
  readonly accuracyDifference: Interval;
  readonly costDifference: Interval;
  /** That accuracy given away is above `maxLoss`: a test by betting, exact for any number of queries. */
  readonly pValue: number;
  readonly maxLoss: number;
}

export interface PolicyOutcome {
  /** Models, cheapest first. */
  readonly chain: readonly string[];
  readonly accuracy: number;
  readonly costUsd: number;
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}
