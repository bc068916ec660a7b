/** Which queries a report is about: those that started on a UTC day of the range. An attempt counts with its query. */
export interface ReportRange {
  /** One task; every task by default. */
  readonly task?: string | undefined;
  /** A UTC date such as `2026-11-01`, inclusive; from the ledger's beginning by default. */
  readonly since?: string | undefined;
  /** A UTC date, exclusive; to today by default. */
  readonly until?: string | undefined;
}

/** The rule of every figure, in words. */
export const PERIOD_RULE =
  'by the UTC day on which the query started; an attempt or a label counts with its query';

/** The range as the first three values of a statement; see {@link IN_RANGE}. */
export function rangeValues({
  task,
  since,
  until,
}: ReportRange): [string | null, string | null, string | null] {
  return [task ?? null, since ?? null, until ?? null];
}

/** The condition on a view's `task` and `day`. */
export const IN_RANGE = `(task = $1 or $1::text is null)
        and day >= coalesce($2::date, '-infinity') and day < coalesce($3::date, 'infinity')`;

/** The same condition on a base table, by its task and partition key. A bound that is absent leaves every partition in. */
export function startedInRange(task: string, startedAt: string): string {
  return `(${task} = $1 or $1::text is null)
    and ${startedAt} >= coalesce($2::date::timestamp at time zone 'UTC', '-infinity')
    and ${startedAt} < coalesce($3::date::timestamp at time zone 'UTC', 'infinity')`;
}
