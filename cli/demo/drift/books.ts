import type pg from 'pg';
import { parseUsd, type Picodollars } from '../../../core/money.ts';
import { TAG } from './regions.ts';

/** Audits of a task that have not ended. */
export async function openAudits(pool: pg.Pool, task: string): Promise<number> {
  const { rows } = await pool.query<{ open: number }>(
    `select count(*)::int as open from audits where task = $1 and status in ('planned', 'due', 'running')`,
    [task],
  );
  return rows[0]?.open ?? 0;
}

/** Audits of a region's queries that started since an instant, and that had ended when the region's alarm was raised. */
export async function auditsUntilAlarm(
  pool: pg.Pool,
  task: string,
  region: string,
  since: Date,
): Promise<number> {
  const { rows } = await pool.query<{ audits: number }>(
    `select count(*)::int as audits from audited_answers v
     join alarms a on a.task = v.task and a.policy_version = v.policy_version and a.slice = $3 || '=' || $2
     where v.task = $1 and v.tags ->> $3 = $2 and v.query_started_at >= $4 and v.ended_at <= a.audit_ended_at`,
    [task, region, TAG, since],
  );
  return rows[0]?.audits ?? 0;
}

/** What one purpose's attempts came to; `cost` is null where that of one is not known. */
export interface Bill {
  readonly requests: number;
  readonly cost: Picodollars | null;
}

/** A task's attempts for answers and for audits. */
export async function billsOf(pool: pg.Pool, task: string): Promise<{ serve: Bill; audit: Bill }> {
  const { rows } = await pool.query<{ purpose: string; requests: number; unknown: number; cost: string }>(
    `select purpose, count(*)::int as requests, count(*) filter (where cost_usd is null)::int as unknown,
       coalesce(sum(cost_usd), 0)::text as cost
     from attempts where task = $1 group by purpose`,
    [task],
  );
  const bill = (purpose: string): Bill => {
    const row = rows.find((own) => own.purpose === purpose);
    if (row === undefined) return { requests: 0, cost: 0n };
    return { requests: row.requests, cost: row.unknown === 0 ? parseUsd(row.cost) : null };
  };
  return { serve: bill('serve'), audit: bill('audit') };
}
