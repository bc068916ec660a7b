import type { Queryable } from './database.ts';
import type { QueryRef } from './texts.ts';

/**
 * Of a query that has served an answer: every other usable response that nobody judged is `rejected`, so that its money is
 * `discarded`. Such a response came late, for a call that had been bought again by then.
 */
export async function rejectUnused(db: Queryable, query: QueryRef): Promise<void> {
  await db.query({
    name: 'reject-unused',
    text: `update attempts a set verdict = 'rejected' from queries q
           where q.started_at = $1 and q.query_id = $2 and a.query_started_at = $1 and a.query_id = $2
             and a.purpose = 'serve' and a.status = 'succeeded' and a.attempt_id <> q.served_attempt_id and a.verdict is null`,
    values: [query.startedAt, query.queryId],
  });
}
