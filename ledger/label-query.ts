import type pg from 'pg';
import type { Feedback, Labelled } from '../core/feedback.ts';
import { labelsOf } from '../core/labels.ts';
import type { Retention } from '../core/policy.ts';
import { inTransaction, storable, type Queryable } from './database.ts';
import { labelAttempt } from './labels.ts';
import { policyVersion } from './policies.ts';
import { usableResponses } from './responses.ts';
import { retainText, type QueryRef, type Sealer } from './texts.ts';

export type LabelledQuery =
  | ({ readonly type: 'labelled' } & Labelled)
  /** The ledger knows neither such an id nor such a key. */
  | { readonly type: 'unknown' }
  /** The query has no answer, or none yet. */
  | { readonly type: 'unanswered'; readonly queryId: string }
  /** The attempt that was named is no usable response of the query. */
  | { readonly type: 'no-response'; readonly queryId: string; readonly attemptId: string }
  /** The right answer was given, and the text is gone that it could be held against. */
  | { readonly type: 'not-retained'; readonly queryId: string; readonly retention: Retention };

/** What kept a query from being labelled, in words. @param name the id or key that it was looked for by. */
export function whyNotLabelled(
  result: Exclude<LabelledQuery, { readonly type: 'labelled' }>,
  name: string,
): string {
  switch (result.type) {
    case 'unknown':
      return `the ledger knows no query by the id or the idempotency key "${name}": take it from the answer, or from queries`;
    case 'unanswered':
      return `query ${result.queryId} has no answer that could be judged`;
    case 'no-response':
      return `attempt ${result.attemptId} is no response of query ${result.queryId} that could be judged: take it from the answer’s attempts, or from attempts (status succeeded, purpose serve or audit)`;
    case 'not-retained':
      return `the texts of query ${result.queryId} are gone (its task retains "${result.retention}"): say whether the answer was correct instead`;
  }
}

/**
 * Takes somebody's word on a query's answer: labels of the judged response and of those of which it follows, and the right
 * answer as a text, as far as the task retains texts.
 * @param namespace in which an idempotency key is looked for.
 */
export async function labelQuery(
  pool: pg.Pool,
  sealer: Sealer | null,
  namespace: string,
  feedback: Feedback,
): Promise<LabelledQuery> {
  return inTransaction(pool, async (db) => {
    const query = await findAnswered(db, namespace, feedback.query);
    if (query === null) return { type: 'unknown' };
    const { queryId, retention } = query;
    const judged = feedback.attempt?.toLowerCase() ?? query.servedAttemptId;
    if (judged === null) return { type: 'unanswered', queryId };
    const policy = await policyVersion(db, query.task, query.policyVersion);
    const responses = await usableResponses(db, sealer, query, policy.answer);
    if (feedback.attempt !== undefined && !responses.some(({ attemptId }) => attemptId === judged))
      return { type: 'no-response', queryId, attemptId: judged };
    const labels = labelsOf(feedback, responses, judged, policy.answer);
    if (labels === null) return { type: 'not-retained', queryId, retention };
    const { source, sourceKind, answer } = feedback;
    for (const label of labels) {
      await labelAttempt(db, {
        ...query,
        ...label,
        source: storable(source) ?? source,
        sourceKind,
        corrected: answer !== undefined,
      });
    }
    if (answer !== undefined && retention === 'full') {
      await retainText(db, sealer, query, `correction/${storable(source) ?? source}`, answer);
    }
    return { type: 'labelled', queryId, correct: labels[0]?.correct ?? false, responses: labels.length };
  });
}

interface AnsweredQuery extends QueryRef {
  readonly task: string;
  readonly policyVersion: number;
  readonly retention: Retention;
  readonly servedAttemptId: string | null;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** By its id, or by its key. Under a lock, so that its texts cannot go between the look and the label. */
async function findAnswered(db: Queryable, namespace: string, name: string): Promise<AnsweredQuery | null> {
  const { rows } = await db.query<AnsweredQuery>({
    name: 'find-answered-query',
    text: `select q.query_id as "queryId", to_json(q.started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt", q.task,
             q.policy_version as "policyVersion", q.retention, q.served_attempt_id as "servedAttemptId"
           from query_keys k join queries q on q.started_at = k.started_at and q.query_id = k.query_id
           where k.query_id = $1::uuid or (k.namespace = $2 and k.workflow_id = $3)
           order by k.query_id = $1::uuid desc nulls last limit 1 for update of q`,
    values: [UUID.test(name) ? name : null, namespace, storable(name)],
  });
  return rows[0] ?? null;
}
