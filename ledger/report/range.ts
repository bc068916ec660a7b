/** Which queries a report is about: by the instant at which they started. */
export interface ReportRange {
  /** One task; every task by default. */
  readonly task?: string | undefined;
  /** Inclusive; from the ledger's beginning by default. */
  readonly since?: Date | undefined;
  /** Exclusive; to now by default. */
  readonly until?: Date | undefined;
}

/** The range as the first three values of a statement; see {@link inRange}. */
export function rangeValues({ task, since, until }: ReportRange): [string | null, Date | null, Date | null] {
  return [task ?? null, since ?? null, until ?? null];
}

/** The condition on a table's task and partition key. A bound that is absent leaves every partition in. */
export function inRange(task: string, startedAt: string): string {
  return `(${task} = $1 or $1::text is null)
    and ${startedAt} >= coalesce($2::timestamptz, '-infinity') and ${startedAt} < coalesce($3::timestamptz, 'infinity')`;
}
