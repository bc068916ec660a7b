import { OUTCOMES, type Outcome } from '../../core/cascade.ts';
import type { Queryable } from '../database.ts';
import { IN_RANGE, rangeValues, type ReportRange } from './range.ts';

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
  readonly version: number;
  readonly outcome: Outcome | null;
  readonly queries: number;
  readonly served: number;
  readonly labelled: number;
  readonly correct: number;
}

/** Queries of each task that has any in the range, by task. */
export async function queryCounts(db: Queryable, range: ReportRange): Promise<QueryCounts[]> {
  const { rows } = await db.query<Row>({
    name: 'report-queries',
    text: `
      select task, policy_version as version, outcome, sum(queries)::float8 as queries, sum(served)::float8 as served,
        sum(labelled)::float8 as labelled, sum(correct)::float8 as correct
      from queries_by_day where ${IN_RANGE}
      group by task, policy_version, outcome`,
    values: rangeValues(range),
  });
  const tasks = [...new Set(rows.map(({ task }) => task))].sort();
  return tasks.map((task) =>
    countsOf(
      task,
      rows.filter((row) => row.task === task),
    ),
  );
}

function countsOf(task: string, rows: readonly Row[]): QueryCounts {
  const sum = (of: 'queries' | 'served' | 'labelled' | 'correct', from = rows): number =>
    from.reduce((total, row) => total + row[of], 0);
  const ended = (outcome: Outcome | null): number =>
    sum(
      'queries',
      rows.filter((row) => row.outcome === outcome),
    );
  return {
    task,
    policyVersions: [...new Set(rows.map(({ version }) => version))].sort((a, b) => a - b),
    queries: sum('queries'),
    running: ended(null),
    byOutcome: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, ended(outcome)])) as Record<
      Outcome,
      number
    >,
    served: sum('served'),
    labelled: sum('labelled'),
    correct: sum('correct'),
  };
}
