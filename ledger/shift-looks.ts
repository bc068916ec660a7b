import type pg from 'pg';
import { shiftOf, shiftTexts, type Shift } from '../core/shift.ts';
import type { Queryable } from './database.ts';
import { shiftSample } from './shift-sample.ts';

/** A policy version whose queries of late differ from those before. */
export interface SeenShift {
  readonly task: string;
  readonly policyVersion: number;
  /** In words, one for each test. */
  readonly warnings: readonly string[];
}

/** The last week of a policy version against its four weeks before. */
export async function currentShift(db: Queryable, task: string, version: number): Promise<Shift> {
  const recent = await shiftSample(db, task, version, { fromDays: 7, toDays: 0 });
  const before = await shiftSample(db, task, version, { fromDays: 35, toDays: 7 });
  return shiftOf(recent, before);
}

/**
 * Looks once per UTC day at each current policy, and returns those with a warning. The day is taken before its queries are read: a
 * look that fails, or is lost with its worker, is that day's.
 */
export async function lookForShifts(pool: pg.Pool): Promise<SeenShift[]> {
  const { rows } = await pool.query<Look>({
    name: 'begin-shift-looks',
    text: `insert into shift_looks (task, policy_version, day)
           select name, current_version, (now() at time zone 'UTC')::date from tasks where current_version > 0
           on conflict do nothing returning task, policy_version as version, day::text`,
  });
  const seen: SeenShift[] = [];
  for (const look of rows) {
    const { task, version } = look;
    const shift = await currentShift(pool, task, version);
    await keepLook(pool, look, shift);
    const warnings = shiftTexts(shift);
    if (warnings.length > 0) seen.push({ task, policyVersion: version, warnings });
  }
  return seen;
}

interface Look {
  readonly task: string;
  readonly version: number;
  readonly day: string;
}

async function keepLook(
  db: Queryable,
  { task, version, day }: Look,
  { confidencePValue, acceptancePValue }: Shift,
): Promise<void> {
  await db.query({
    name: 'keep-shift-look',
    text: `update shift_looks set confidence_p_value = $3, acceptance_p_value = $4
           where task = $1 and policy_version = $2 and day = $5::date`,
    values: [task, version, confidencePValue, acceptancePValue, day],
  });
}
