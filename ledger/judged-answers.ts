import type { Audited } from '../core/audit-estimate.ts';
import type { Queryable } from './database.ts';

/** Whether a served answer was right. */
export interface JudgedAnswer extends Audited<boolean> {
  readonly tags: Readonly<Record<string, string>>;
  /** person, reference, caller or last-stage: see the view `audited_answers`. */
  readonly judgedBy: string;
}

export interface JudgedAnswers {
  /** Whether they are audits, which were drawn by chance, or whatever answers have labels. */
  readonly drawn: boolean;
  readonly answers: readonly JudgedAnswer[];
}

/** A task's audits, where it has any; else its labelled answers. */
export async function judgedAnswers(db: Queryable, task: string, days: number): Promise<JudgedAnswers> {
  const audits = await db.query<JudgedAnswer>({
    name: 'judged-audits',
    text: `select tags, served_correct as value, inclusion_probability as inclusion, judged_by as "judgedBy"
           from audited_answers
           where task = $1 and served_correct is not null and query_started_at >= now() - make_interval(days => $2)
           order by query_started_at, query_id`,
    values: [task, days],
  });
  if (audits.rows.length > 0) return { drawn: true, answers: audits.rows };
  const labels = await db.query<JudgedAnswer>({
    name: 'judged-labels',
    text: `select q.tags, l.correct as value, 1 as inclusion, l.source_kind as "judgedBy" from queries q
           join answer_labels l on l.query_started_at = q.started_at and l.attempt_id = q.served_attempt_id
           where q.task = $1 and q.started_at >= now() - make_interval(days => $2)
           order by q.started_at, q.query_id`,
    values: [task, days],
  });
  return { drawn: false, answers: labels.rows };
}
