import type { Queryable } from './database.ts';
import type { QueryRef } from './texts.ts';

export interface Label extends QueryRef {
  /** The attempt whose answer was judged. */
  readonly attemptId: string;
  readonly correct: boolean;
  /** Who says so: `reference` (a known answer), `recorded-set`, or a name of the caller's. */
  readonly source: string;
}

/**
 * Records whether an attempt's answer is right. A source has one label per attempt: labelling it again replaces it.
 * @throws {Error} when the ledger has no such attempt of that query.
 */
export async function labelAttempt(db: Queryable, label: Label): Promise<void> {
  const { rowCount } = await db.query({
    name: 'label-attempt',
    text: `insert into labels (query_started_at, query_id, attempt_id, source, correct)
           select query_started_at, query_id, attempt_id, $4, $5 from attempts
           where query_started_at = $1 and query_id = $2 and attempt_id = $3
           on conflict (query_started_at, attempt_id, source)
             do update set correct = excluded.correct, labelled_at = excluded.labelled_at`,
    values: [label.startedAt, label.queryId, label.attemptId, label.source, label.correct],
  });
  if (rowCount === 0) {
    throw new Error(
      `cannot label attempt ${label.attemptId}: the ledger has no such attempt of query ${label.queryId} (started ${label.startedAt}); take all three from one row of attempts`,
    );
  }
}
