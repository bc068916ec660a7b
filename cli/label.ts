import type pg from 'pg';
import type { CascadeAnswer } from '../core/result.ts';
import { labelAttempt } from '../ledger/labels.ts';

/** Labels the attempt whose text was served. */
export async function labelServed(
  pool: pg.Pool,
  answer: Pick<CascadeAnswer, 'queryId' | 'startedAt' | 'attempts'>,
  correct: boolean,
  source: string,
): Promise<void> {
  const served = answer.attempts.find((attempt) => attempt.verdict === 'accepted');
  if (served === undefined) throw new Error(`query ${answer.queryId} has no served attempt`);
  await labelAttempt(pool, {
    queryId: answer.queryId,
    startedAt: answer.startedAt,
    attemptId: served.attemptId,
    correct,
    source,
  });
}
