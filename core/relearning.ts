import type { ProposalDecision } from './proposal.ts';

/** How a task's policy is learned anew from its own traffic. It belongs to the worker: no query is pinned to it. */
export interface Relearning {
  /** Milliseconds from one run to the next; null where it is only run by hand. */
  readonly everyMs: number | null;
  readonly goal: RelearningGoal;
  /** Which audits count: those with a label, or all of them, where the last stage's answer stands in for labels that are not there. */
  readonly judge: 'labels' | 'last-stage';
  /** Accuracy, as a share, that a proposal may at most give away against what serves; in (0, 1). */
  readonly maxLoss: number;
  /** Milliseconds back from now in which the queries started. */
  readonly windowMs: number;
  /** Share of new queries that a proposal takes at once as a canary; null where it waits for a person. */
  readonly canaryShare: number | null;
}

/** What is learned for: as `escalier learn` has it, without guarantees. */
export type RelearningGoal =
  /** The most accurate at a mean cost of at most this share of the best single model's. */
  | { readonly type: 'budget'; readonly share: number }
  /** The cheapest that is as accurate as the best single model, or as this share of right answers. */
  | { readonly type: 'accuracy'; readonly target: 'best' | number };

const DAY_MS = 24 * 3_600_000;

/** Of a task whose settings say nothing. */
export const BY_HAND: Relearning = {
  everyMs: null,
  goal: { type: 'accuracy', target: 'best' },
  judge: 'labels',
  maxLoss: 0.01,
  windowMs: 90 * DAY_MS,
  canaryShare: null,
};

/** What a run came to, small enough for a workflow's history. */
export interface Relearned {
  readonly proposalId: string;
  readonly decision: ProposalDecision;
  readonly reason: string;
  /** The version that it became; null where it was not promoted. */
  readonly promotedVersion: number | null;
  /** Share of new queries that it is to take at once, where it was proposed and the task says so; else null. */
  readonly canaryShare: number | null;
}

/** What a process that can learn does for the workflow `relearn`. */
export interface Relearner {
  /** Learns, compares and keeps the outcome; the same evidence gives the same proposal. */
  relearn(task: string, signal: AbortSignal): Promise<Relearned>;
  /** Makes a proposal the canary of its task; again without effect. Where that is refused it stays proposed, and `reason` says why. */
  startCanary(proposalId: string): Promise<Relearned>;
}
