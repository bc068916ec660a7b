import { OUTCOMES, type Outcome } from '../../core/cascade.ts';
import type { Queryable } from '../database.ts';
import { inRange, rangeValues, type ReportRange } from './range.ts';

export interface QueryCounts {
  readonly task: string;
  /** Ascending. More than one: the report mixes policies. */
  readonly policyVersions: readonly number[];
  readonly queries: number;
  readonly running: number;
  /** Of the queries that have ended; they and the running ones are all queries. */
  readonly byOutcome: Readonly<Record<Outcome, number>>;
  /** Queries with an answer. */
  readonly served: number;
  /** Served answers with at least one label. */
  readonly labelled: number;
  /** Those whose newest label says that they are right: where sources disagree, the last word counts. */
  readonly correct: number;
}

interface Row {
  readonly task: string;
  readonly policy_versions: number[];
  readonly queries: number;
  readonly running: number;
  readonly served: number;
  readonly labelled: number;
  readonly correct: number;
  /** Only outcomes that occurred. */
  readonly outcomes: Partial<Record<Outcome, number>>;
}

/** Queries of each task that has any in the range, by task. */
export async function queryCounts(db: Queryable, range: ReportRange): Promise<QueryCounts[]> {
  const { rows } = await db.query<Row>({
    name: 'report-query-counts',
    text: `
      with labelled_queries as (
        select q.task, q.policy_version, q.status, q.outcome, q.served_attempt_id, newest.correct
        from queries q left join lateral (
          select l.correct from labels l
          where l.query_started_at = q.started_at and l.attempt_id = q.served_attempt_id
          order by l.labelled_at desc, l.source limit 1
        ) newest on true
        where ${inRange('q.task', 'q.started_at')}
      ), by_outcome as (
        select task, outcome, count(*)::int as n from labelled_queries where outcome is not null group by task, outcome
      )
      select task, array_agg(distinct policy_version order by policy_version) as policy_versions,
        count(*)::int as queries, count(*) filter (where status = 'running')::int as running,
        count(served_attempt_id)::int as served, count(correct)::int as labelled,
        count(*) filter (where correct)::int as correct,
        coalesce((select jsonb_object_agg(o.outcome, o.n) from by_outcome o where o.task = l.task), '{}') as outcomes
      from labelled_queries l group by task order by task`,
    values: rangeValues(range),
  });
  return rows.map(({ policy_versions, outcomes, ...row }) => ({
    ...row,
    policyVersions: policy_versions,
    byOutcome: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, outcomes[outcome] ?? 0])) as Record<
      Outcome,
      number
    >,
  }));
}
