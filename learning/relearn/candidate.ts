import type { AnswerSpec } from '../../core/answer.ts';
import type { LearnedPolicy } from '../../core/learned-policy.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { toDataset } from '../dataset.ts';
import { fitScorers, learnPolicy, type Goal } from '../learn.ts';
import { halvesOf } from '../split.ts';

/** What is learned from: plain data, which another thread can be given. */
export interface LearnJob {
  readonly set: RecordedSet;
  readonly answer: AnswerSpec;
  readonly goal: Goal;
  readonly seed: number;
}

export interface Candidate {
  readonly policy: LearnedPolicy;
  /** The JSON of its scorer. */
  readonly artifact: unknown;
  /** Ids of the queries that it was learned from. */
  readonly train: readonly string[];
  /** Ids of those that were not read: the other half by hash, the same in every run. */
  readonly heldOut: readonly string[];
}

/**
 * Learns a policy on one half of a set.
 * @throws {Error} when the half is too small, or no policy meets the goal: says what would.
 */
export function learnCandidate({ set, answer, goal, seed }: LearnJob): Candidate {
  const { dataset } = toDataset(set, answer);
  const { train, test } = halvesOf(dataset.queries, set.queries);
  const options = { seed, include: [] };
  const { policy, artifact } = learnPolicy(dataset, fitScorers(dataset, train, options), goal, options);
  const idsOf = (numbers: readonly number[]): string[] => numbers.map((at) => dataset.queries[at]!.id);
  return { policy, artifact, train: idsOf(train), heldOut: idsOf(test) };
}
