import type { ShiftSample } from '../core/shift.ts';
import type { Queryable } from './database.ts';

const BINS = 50;

/** Served answers of a policy version whose query started between so many days ago. */
export async function shiftSample(
  db: Queryable,
  task: string,
  version: number,
  { fromDays, toDays }: { readonly fromDays: number; readonly toDays: number },
): Promise<ShiftSample> {
  const { rows } = await db.query<{ bin: number | null; queries: number; accepted: number }>({
    name: 'shift-sample',
    text: `select least(width_bucket(confidence, 0, 1, $5::int), $5::int) as bin, count(*)::int as queries,
             count(*) filter (where outcome = 'accepted')::int as accepted
           from queries
           where task = $1 and policy_version = $2 and status = 'ended' and served_attempt_id is not null
             and started_at >= now() - make_interval(days => $3) and started_at < now() - make_interval(days => $4)
           group by bin`,
    values: [task, version, fromDays, toDays, BINS],
  });
  const confidences = new Array<number>(BINS).fill(0);
  let [queries, accepted] = [0, 0];
  for (const row of rows) {
    queries += row.queries;
    accepted += row.accepted;
    if (row.bin !== null) confidences[row.bin - 1] = row.queries;
  }
  return { queries, accepted, confidences };
}
