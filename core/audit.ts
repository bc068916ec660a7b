import type { AnswerSpec } from './answer.ts';
import { sha256 } from './request-hash.ts';
import { slicesOf } from './slices.ts';

/** What a task wants audited. */
export interface AuditPolicy {
  /** Chance with which a query is chosen, above 0 and at most 1. */
  readonly share: number;
  /** Slices, as `tag=value`, of which more is audited: the chance of their queries, above `share` and at most 1. */
  readonly slices?: Readonly<Record<string, number>>;
}

/** The chance with which a query is audited: the greatest of its task's and its slices'. */
export function auditShareOf(
  { share, slices = {} }: AuditPolicy,
  tags: Readonly<Record<string, string>>,
): number {
  return Math.max(share, ...slicesOf(tags).map((slice) => slices[slice] ?? 0));
}

/**
 * Whether a query is audited: its draw, a number in [0, 1) that is a hash of its id, lies below the chance. So the choice
 * looks at nothing of the query itself, is the same in every run of it, and a lower share audits a part of what a higher
 * one does.
 */
export function isAudited(queryId: string, share: number): boolean {
  return auditDraw(queryId) < share;
}

/** 48 bits of SHA-256 as a fraction: exact in a double, and uniform whatever the ids are. */
export function auditDraw(queryId: string): number {
  const DIGITS = 12;
  return Number.parseInt(sha256(`audit ${queryId}`).slice(0, DIGITS), 16) / 16 ** DIGITS;
}

/**
 * Whether an answer is the baseline's; null where that cannot be said: the baseline found no answer, or the task's answers
 * are open, so that two of them are never the same. A response without an answer disagrees with a baseline that has one.
 */
export function agrees(answer: string | null, baseline: string | null, spec: AnswerSpec): boolean | null {
  return spec.from === 'open' || baseline === null ? null : answer === baseline;
}
