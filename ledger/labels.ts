import type { SourceKind } from '../core/feedback.ts';
import type { Queryable } from './database.ts';
import type { QueryRef } from './texts.ts';

export interface Label extends QueryRef {
  /** The attempt whose answer was judged. */
  readonly attemptId: string;
  readonly correct: boolean;
  /** Who says so: `reference` (a known answer), `recorded-set`, or a name of the caller's. */
  readonly source: string;
  /** Default: `reference` for a known answer's names, else `caller`. */
  readonly sourceKind?: SourceKind;
  /** How good the answer is, in [0, 1]; null or absent without a grade. */
  readonly grade?: number | null;
  /** Whether the source gave the right answer. Default: no. */
  readonly corrected?: boolean;
}

const KNOWN_ANSWERS: ReadonlySet<string> = new Set(['reference', 'recorded-set']);

/**
 * Records whether an attempt's answer is right. A source has one label per attempt: labelling it again replaces it.
 * @throws {Error} when the ledger has no such attempt of that query.
 */
export async function labelAttempt(db: Queryable, label: Label): Promise<void> {
  const { rowCount } = await db.query({
    name: 'label-attempt',
    text: `insert into labels (query_started_at, query_id, attempt_id, source, correct, source_kind, grade, corrected)
           select query_started_at, query_id, attempt_id, $4, $5, $6, $7, $8 from attempts
           where query_started_at = $1 and query_id = $2 and attempt_id = $3
           on conflict (query_started_at, attempt_id, source)
             do update set correct = excluded.correct, labelled_at = excluded.labelled_at,
               source_kind = excluded.source_kind, grade = excluded.grade, corrected = excluded.corrected`,
    values: [
      label.startedAt,
      label.queryId,
      label.attemptId,
      label.source,
      label.correct,
      label.sourceKind ?? (KNOWN_ANSWERS.has(label.source) ? 'reference' : 'caller'),
      label.grade ?? null,
      label.corrected ?? false,
    ],
  });
  if (rowCount === 0) {
    throw new Error(
      `cannot label attempt ${label.attemptId}: the ledger has no such attempt of query ${label.queryId} (started ${label.startedAt}); take all three from one row of attempts`,
    );
  }
}
